import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'
import type { Config } from './config.ts'

interface LogOptions {
  level: Config['logLevel']
  /** Readable lines instead of JSON. Default: if standard output is a terminal. */
  pretty?: boolean
  /** Default: standard output. */
  destination?: DestinationStream
}

/**
 * The process's log, on standard output. Headers and URLs that can contain a secret are redacted
 * here too, in addition to not being logged with requests.
 */
export function createLogger(options: LogOptions): Logger {
  const { level, pretty = process.stdout.isTTY, destination } = options
  const settings: LoggerOptions = {
    level,
    base: undefined,
    // Temporal's SDK logs errors under this name. As JSON, they would be empty objects.
    serializers: { error: stdSerializers.err },
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
  }
  return destination ? pino(settings, destination) : pino(settings)
}
