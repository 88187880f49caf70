import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

interface LogOptions {
  level: Config['logLevel']
  /** Readable lines instead of JSON. Default: if standard output is a terminal. */
  pretty?: boolean
}

/**
 * The process's log, on standard output. Headers and URLs that can contain a secret are redacted
 * here too, in addition to not being logged with requests.
 */
export function createLogger({ level, pretty = process.stdout.isTTY }: LogOptions): Logger {
  return pino({
    level,
    base: undefined,
    redact: {
      paths: [
        '*.headers.authorization',
        '*.headers.cookie',
        'headers.authorization',
        'headers.cookie',
        '*.connectionString',
        '*.password',
      ],
      censor: '[redacted]',
    },
    ...(pretty && {
      transport: { target: 'pino-pretty', options: { translateTime: 'SYS:HH:MM:ss' } },
    }),
  })
}
