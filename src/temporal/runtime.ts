import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'

let runtimeInstalled = false

/**
 * Sends the log of Temporal's SDK to Cairn's. Also disables the SDK's signal handlers, because the
 * process decides in which order it stops. Call it before anything else of the SDK's worker; the
 * second call does nothing.
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
    // pino decides what is written.
    logger: new DefaultLogger('TRACE', ({ level, message, meta }) =>
      logger[levels[level]]({ ...meta }, message),
    ),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
  })
}
