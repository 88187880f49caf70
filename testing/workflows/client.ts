import type { Logger } from 'pino'
import { createWorkflows } from '../../src/temporal/client.ts'
import type { TemporalTarget } from '../../src/temporal/target.ts'
import type { Workflows } from '../../src/temporal/workflows.ts'

/** What a call to Temporal may take on a loaded machine. */
const CALL_TIMEOUT_MS = 60_000

/**
 * Workflows as the product has them, but calls have more time than the two seconds that a user waits.
 * A call to a server that refuses connections still fails immediately.
 */
export function createTestWorkflows(
  target: TemporalTarget,
  options: { installationId: string; logger: Logger },
): Workflows {
  const { installationId, logger } = options
  return createWorkflows(target, { installationId, logger, callTimeoutMs: CALL_TIMEOUT_MS })
}
