import { z } from 'zod'
import { readOrganization } from '../db/database.ts'
import { hasOutdated } from '../db/outdated-changes.ts'
import { currentReaders } from '../sources/readers.ts'
import type { ApiContext, App } from './context.ts'
import { jsonResponse, problems } from './problems.ts'

const REREAD_STATES = ['current', 'waiting', 'running'] as const

const rereadSchema = z
  .object({
    state: z.enum(REREAD_STATES).meta({
      description:
        '`current` if the current version of Cairn has read all stored changes; `running` while their records are read again, after an upgrade; `waiting` until that starts.',
    }),
    reread: z.int().meta({ description: 'The number of changes that were read again.' }),
    total: z.int().nullable().meta({
      description: 'The number of changes to read again, as of the start. Null unless `running`.',
    }),
    lastError: z.string().nullable().meta({
      description: 'Why the last attempt failed. It is repeated automatically. Null otherwise.',
    }),
  })
  .meta({
    id: 'Reread',
    examples: [{ state: 'running', reread: 12_000, total: 90_000, lastError: null }],
  })

/** The progress of reading stored records again after an upgrade, see src/workflows/reread.ts. */
export function rereadRoutes(app: App, { database, workflows }: ApiContext): void {
  app.get(
    '/reread',
    {
      schema: {
        tags: ['changes'],
        operationId: 'getReread',
        summary: 'Get the progress of re-reading changes',
        description:
          'After an upgrade, Cairn reads the stored records of earlier changes again. Imports continue, and changes keep their IDs.',
        response: {
          200: jsonResponse('The progress in this organization.', rereadSchema),
          ...problems(401, 503),
        },
      },
    },
    async (request) => {
      const { organizationId } = request
      const isOutdated = await readOrganization(database, request, async (trx) => {
        for (const reader of currentReaders())
          if (await hasOutdated(trx, organizationId, reader)) return true
        return false
      })
      if (!isOutdated) return { state: 'current' as const, reread: 0, total: null, lastError: null }
      const progress = await workflows.rereadProgress()
      const own = progress?.pending.find((each) => each.organizationId === organizationId)
      if (!own) return { state: 'waiting' as const, reread: 0, total: null, lastError: null }
      // Changes that an older worker imports meanwhile are read again as well.
      const total = Math.max(own.outdated, own.reread)
      return { state: 'running' as const, reread: own.reread, total, lastError: own.lastError }
    },
  )
}
