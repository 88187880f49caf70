import { randomUUID } from 'node:crypto'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { inject } from 'vitest'
import type { TemporalTarget } from '../src/temporal/target.ts'

/**
 * A namespace of its own on the run's Temporal server: workflows, task queues and search
 * attributes of other test files are not in it.
 */
export async function createTemporalNamespace(): Promise<TemporalTarget> {
  const address = inject('temporalAddress')
  const namespace = `test-${randomUUID()}`
  const connection = await Connection.connect({ address })
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    })
  } finally {
    await connection.close()
  }
  return { connection: { address }, namespace, uiUrl: inject('temporalUiUrl') }
}
