import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BUILT_IN_VIEWS, MAX_VIEW_QUERY_BYTES, MAX_VIEWS } from '../changes/saved-views.ts'
import { asOrganization, readOrganization, type Trx } from '../db/database.ts'
import {
  deleteView,
  insertView,
  listViews,
  lockView,
  TooManyViews,
  updateView,
  type ViewRow,
} from '../db/saved-views.ts'
import type { ApiContext, App } from './context.ts'
import { isOwnerOrKey, type Sender } from './permissions.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { storableText, text } from './text.ts'

const example = {
  id: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75',
  name: 'Denied in production',
  query: { environment: ['Production'], outcome: ['denied'], range: '4h' },
  shared: true,
  isBuiltIn: false,
  isOwn: true,
  canChange: true,
  createdAt: '2026-03-02T08:58:31.204Z',
}

const value = storableText(4_096)

const querySchema = z.record(
  text(100).min(1),
  z.union([value, z.array(value)], { error: 'Must be a text or a list of texts.' }),
)

const viewSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    query: querySchema,
    shared: z.boolean().meta({ description: 'Whether the whole organization sees it.' }),
    isBuiltIn: z
      .boolean()
      .meta({ description: 'Whether it is part of Cairn. Built-in views cannot be changed.' }),
    isOwn: z.boolean().meta({ description: 'Whether the signed-in user created it.' }),
    canChange: z.boolean().meta({ description: 'Whether the sender may change and delete it.' }),
    createdAt: z.iso.datetime().nullable().meta({ description: 'Null for built-in views.' }),
  })
  .meta({ id: 'SavedView', examples: [example] })

const settings = {
  name: text(100).trim().min(1).meta({ description: 'The name in the list.' }),
  query: querySchema
    .refine((query) => Buffer.byteLength(JSON.stringify(query)) <= MAX_VIEW_QUERY_BYTES, {
      error: `Must be at most ${MAX_VIEW_QUERY_BYTES / 1024} KB as JSON.`,
    })
    .meta({
      description: `The search parameters of the feed's URL. At most ${MAX_VIEW_QUERY_BYTES / 1024} KB as JSON.`,
    }),
}

const createSchema = z
  .strictObject({
    ...settings,
    shared: z.boolean().optional().meta({
      description:
        'Whether the whole organization sees it. Default: `false` for a user. Views of API keys are always shared.',
    }),
  })
  .meta({
    id: 'NewSavedView',
    examples: [{ name: example.name, query: example.query, shared: true }],
  })

const patchSchema = z
  .strictObject({
    ...settings,
    shared: z.boolean().meta({ description: 'Only the creator can make a shared view private.' }),
  })
  .partial()
  .meta({ id: 'SavedViewSettings', examples: [{ name: 'Denied' }, { shared: true }] })

const tags = ['changes']
const params = z.object({ id: z.string().meta({ description: 'The view ID.' }) })

/** The routes for saved views of the feed. */
export function viewRoutes(app: App, { database }: ApiContext): void {
  /**
   * Runs `work` with a view that the sender may change, in the transaction that checked it.
   *
   * @throws Problem 404, also for another user's private view; 403; 409 for a built-in view
   */
  const change = (
    request: FastifyRequest & { params: { id: string } },
    work: (trx: Trx, view: ViewRow) => Promise<ViewRow>,
  ): Promise<ViewRow> => {
    if (BUILT_IN_VIEWS.some(({ id }) => id === request.params.id))
      throw new Problem(409, 'Built-in views cannot be changed or deleted.')
    return found('view', request.params.id, (id) =>
      asOrganization(database, request.organizationId, async (trx) => {
        const view = await lockView(trx, request.user?.id ?? null, id)
        if (!view) return undefined
        if (!canChange(request, view))
          throw new Problem(403, 'Only its creator and owners can change a shared view.')
        return work(trx, view)
      }),
    )
  }

  app.get(
    '/views',
    {
      schema: {
        tags,
        operationId: 'listViews',
        summary: 'List saved views',
        description: `The built-in views first; then the shared views and those of the signed-in user, by name. An organization has at most ${MAX_VIEWS} views.`,
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The views.', z.object({ items: z.array(viewSchema) })),
          ...problems(401, 503),
        },
      },
    },
    async (request) => {
      const rows = await readOrganization(database, request, (trx) =>
        listViews(trx, request.user?.id ?? null),
      )
      return { items: [...builtIn, ...rows.map((row) => toView(request, row))] }
    },
  )

  app.post(
    '/views',
    {
      schema: {
        tags,
        operationId: 'createView',
        summary: 'Save a view',
        description: 'Saves filters and a time range of the feed.',
        body: createSchema,
        response: {
          201: jsonResponse('The view.', viewSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body, user } = request
      const { shared = user === null } = body
      if (user === null && !shared) {
        const detail = 'Must be true for an API key.'
        throw new Problem(422, `/shared: ${detail}`, { errors: [{ pointer: '/shared', detail }] })
      }
      const row = await asOrganization(database, organizationId, (trx) =>
        insertView(trx, organizationId, {
          name: body.name,
          query: body.query,
          shared,
          userId: user?.id ?? null,
        }),
      ).catch(refuseView)
      reply.code(201)
      return toView(request, row)
    },
  )

  app.patch(
    '/views/:id',
    {
      schema: {
        tags,
        operationId: 'updateView',
        summary: 'Update a saved view',
        description:
          'Omitted fields keep their values. Users change their own views, owners and API keys also the shared ones.',
        params,
        body: patchSchema,
        response: {
          200: jsonResponse('The updated view.', viewSchema),
          ...problems(401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      const row = await change(request, (trx, view) => {
        if (view.shared && request.body.shared === false && !isOwn(request, view))
          throw new Problem(403, 'Only its creator can make a shared view private.')
        return updateView(trx, view, request.body)
      })
      return toView(request, row)
    },
  )

  app.delete(
    '/views/:id',
    {
      schema: {
        tags,
        operationId: 'deleteView',
        summary: 'Delete a saved view',
        description: 'Users delete their own views, owners and API keys also the shared ones.',
        params,
        response: {
          204: z.null().describe('The view was deleted.'),
          ...problems(401, 403, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      await change(request, async (trx, view) => {
        await deleteView(trx, view.id)
        return view
      })
      return reply.code(204).send(null)
    },
  )
}

function isOwn({ user }: Sender, view: ViewRow): boolean {
  return user !== null && view.userId === user.id
}

/** For a view that is visible to the sender. */
function canChange(sender: Sender, view: ViewRow): boolean {
  return isOwn(sender, view) || isOwnerOrKey(sender)
}

/** @throws Problem 409 if the limit is reached; otherwise the error itself */
function refuseView(error: unknown): never {
  if (!(error instanceof TooManyViews)) throw error
  throw new Problem(409, `${error.message}, which is the limit. Delete one first.`)
}

const builtIn = BUILT_IN_VIEWS.map(({ id, name, query }) => ({
  id,
  name,
  query,
  shared: true,
  isBuiltIn: true,
  isOwn: false,
  canChange: false,
  createdAt: null,
}))

function toView(sender: Sender, view: ViewRow) {
  return {
    id: view.id,
    name: view.name,
    query: { ...view.query },
    shared: view.shared,
    isBuiltIn: false,
    isOwn: isOwn(sender, view),
    canChange: canChange(sender, view),
    createdAt: view.createdAt.toISOString(),
  }
}
