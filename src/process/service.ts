import type { Logger } from 'pino'
import { aborted, readPositionals, runCommand } from '../command.ts'
import { type Config, loadConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { Shutdown } from './shutdown.ts'

interface RunningService {
  /** Prints where people find the service. */
  announce?(): void
  /** Resolves with the reason when the service cannot go on. */
  failed?: Promise<Error>
}

/**
 * Runs an entry point: starts its parts, waits for a signal or a failure, and stops the parts in
 * order. A signal during the start ends the process at once, see `runCommand`.
 *
 * @param names of the service for the log, and of the command that started it for its help
 */
export function runService(
  { name, command: commandLine }: { name: string; command: string },
  start: (context: {
    config: Config
    logger: Logger
    shutdown: Shutdown
  }) => Promise<RunningService>,
): void {
  runCommand(async (command) => {
    const usage = `Usage: ${commandLine}\n\nTakes no options. README.md lists its environment variables.`
    if (!readPositionals(usage, { allowPositionals: false })) return
    const config = loadConfig(process.env)
    const logger = createLogger({ level: config.logLevel })
    const shutdown = new Shutdown(logger)
    const service = await start({ config, logger, shutdown }).catch(async (error) => {
      await shutdown.run()
      throw error
    })
    const signal = command.stopInOrder()
    service.announce?.()
    const failure = await Promise.race([
      aborted(signal),
      service.failed ?? new Promise<never>(() => {}),
    ])
    if (failure) {
      logger.fatal(failure.message)
      process.exitCode = 1
    } else {
      logger.info({ signal: signal.reason }, `${name} is stopping`)
    }
    await shutdown.run()
  })
}
