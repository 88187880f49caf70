import { type Logger, pino } from 'pino'
import type { Config } from './config.ts'

export interface LogOptions {
  level: Config['logLevel']
  /** Lines for people instead of JSON. Default: when a terminal reads them. */
  pretty?: boolean
}

/**
 * The process's log, on standard output. Headers and URLs that can contain a secret are cut here as
 * well as left out where requests are logged: what is never written needs no rotation.
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
