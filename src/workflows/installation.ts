import { condition, setCurrentDetails } from '@temporalio/workflow'

/**
 * Does nothing and never ends. While it exists, Temporal has the installation's history. When it is
 * gone, the reconciler starts the workflows of all connections again.
 */
export async function installation(): Promise<void> {
  setCurrentDetails(
    'Marks that Temporal has the history of this installation. Terminating it makes Cairn signal every connection.',
  )
  await condition(() => false)
}
