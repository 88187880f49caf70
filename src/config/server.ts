import { isIP } from 'node:net'
import path from 'node:path'
import { z } from 'zod'
import type { Settings } from './setting.ts'
import { webUrl } from './web-url.ts'

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number: 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65535, 'must be a port number: 0 to 65535')

function wholeNumber(least: number, most: number) {
  const error = `must be a whole number: ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((value) => value >= least && value <= most, error)
}

function isAddressRange(text: string): boolean {
  const [, address, bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address ?? '')
  // Every client would count as a proxy, and could claim any address.
  return (
    version !== 0 && (bits === undefined || (+bits >= 1 && +bits <= (version === 4 ? 32 : 128)))
  )
}

/** Where Cairn listens and stores its data, and how much it does at once. */
export const serverSettings = {
  PORT: {
    default: '3000, or the next free one',
    doc: 'The port of the API and the web app. If a configured port is in use, Cairn does not start.',
    schema: port.optional(),
  },
  CAIRN_HOST: {
    default: '127.0.0.1',
    doc: 'The address to listen on. With `0.0.0.0`, other machines can connect: put TLS in front of it.',
    schema: z
      .string()
      .regex(/^[\w.:-]+$/, 'must be an address or a host name')
      .default('127.0.0.1'),
  },
  CAIRN_DATA_DIR: {
    default: '.cairn',
    doc: 'The directory for the data of the embedded Postgres and Temporal, and for the first API key.',
    schema: z
      .string()
      .default('.cairn')
      .transform((text) => path.resolve(text)),
  },
  CAIRN_PUBLIC_URL: {
    default: 'the address that it listens on',
    doc: 'The URL where people and webhooks reach this Cairn.',
    schema: webUrl.optional(),
  },
  CAIRN_TRUSTED_PROXIES: {
    default: 'none: the connecting address is the client',
    doc: 'Addresses or CIDR ranges of proxies, separated by commas, whose `X-Forwarded-For`, `-Proto` and `-Host` headers are trusted. Sign-in attempts are limited per client address: without this, all clients behind a proxy count as one.',
    schema: z
      .string()
      .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
      .refine(
        (ranges) => ranges.length > 0 && ranges.every(isAddressRange),
        'must be IP addresses or CIDR ranges, separated by commas: 10.0.0.0/8,::1',
      )
      .optional(),
  },
  CAIRN_MAX_CONNECTIONS: {
    default: '1000',
    doc: 'The maximum number of connections per organization, including those whose deletion is not complete.',
    schema: wholeNumber(1, 1_000_000).default(1000),
  },
  CAIRN_MAX_QUERIES: {
    default: '2',
    doc: 'How many API requests of one organization can use the database at the same time in each process: 1 to 10. All organizations share 10 connections.',
    schema: wholeNumber(1, 10).default(2),
  },
  CAIRN_LOG_LEVEL: {
    default: 'info',
    doc: 'The minimum level that is logged: `debug`, `info`, `warn`, `error` or `silent`.',
    schema: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'], {
        error: 'must be debug, info, warn, error or silent',
      })
      .default('info'),
  },
} satisfies Settings
