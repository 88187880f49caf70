import { condition, setCurrentDetails } from '@temporalio/workflow'

/**
 * Does nothing, and never ends. While it is there, Temporal has kept the installation's history;
 * when it is gone, the reconciler starts all connections' workflows again.
 */
export async function installation(): Promise<void> {
  setCurrentDetails(
    'Marks that Temporal has the history of this installation. Terminating it makes Cairn signal every connection.',
  )
  await condition(() => false)
}
