import { z } from 'zod'
import type { Settings } from './setting.ts'

const databaseUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  if (!url || !['postgres:', 'postgresql:'].includes(url.protocol)) return false
  const port = url.searchParams.get('port') ?? '5432'
  return url.pathname.length > 1 && /^\d{1,5}$/.test(port) && +port <= 65535
}, 'must be a URL like postgres://user:password@host:5432/database (special characters in the password percent-encoded)')

/** Where Cairn stores what it imports. */
export const databaseSettings = {
  DATABASE_URL: {
    default: 'an embedded PostgreSQL 18',
    doc: 'The URL of a Postgres database (18 or later), with a login that owns the database and may create roles.',
    schema: databaseUrl.optional(),
  },
  DATABASE_API_URL: {
    default: "`DATABASE_URL`'s login, acting as the role `cairn_api`",
    doc: 'The same database with a separate login for the API: a member of `cairn_api` and `cairn_system` that is neither superuser nor BYPASSRLS.',
    schema: databaseUrl.optional(),
  },
} satisfies Settings
