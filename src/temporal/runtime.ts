import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'

let runtimeInstalled = false

/**
 * Forwards the log of Temporal's SDK to Cairn's log. Also disables the SDK's signal handlers,
 * because the process decides the order of its shutdown. Call it before using any other part of the
 * SDK's worker; further calls have no effect.
 */
export function installTemporalRuntime(logger: Logger): void {
  if (runtimeInstalled) return
  runtimeInstalled = true
  const levels = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  } as const
  Runtime.install({
    shutdownSignals: [],
    // pino filters by level.
    logger: new DefaultLogger('TRACE', ({ level, message, meta }) =>
      logger[levels[level]]({ ...meta }, message),
    ),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  })
}
