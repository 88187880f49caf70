import { z } from 'zod'
import {
  PASSWORD_RESET_HOURS,
  passwordResetExpiry,
  passwordResetUrl,
} from '../auth/reset-password.ts'
import { asOrganization, readOrganization } from '../db/database.ts'
import { deleteUserWithoutMembership, findUsers, listMembers, removeMember } from '../db/members.ts'
import {
  hasOtherOrganization,
  insertPasswordReset,
  newPasswordResetToken,
} from '../db/password-resets.ts'
import type { ApiContext, App } from './context.ts'
import { publicUrlOf } from './origin.ts'
import { requireCurrentOwner, requireOwner } from './permissions.ts'
import { roleSchema, userSchema } from './person.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { time } from './time.ts'

const memberSchema = z
  .object({ id: z.uuid(), user: userSchema, role: roleSchema, createdAt: time })
  .meta({
    id: 'Member',
    examples: [
      {
        id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
        user: {
          id: '5f0b6f2e-6c2b-4f0e-9a52-7d9f3f1c2a10',
          name: 'Ada Byron',
          email: 'ada@example.com',
        },
        role: 'owner',
        createdAt: '2026-03-02T09:12:07.311Z',
      },
    ],
  })

const createdPasswordResetSchema = z
  .object({
    url: z.string().meta({
      description:
        'The link that sets a new password. Returned only in this response. Anyone with the link can use it once.',
    }),
    expiresAt: time,
  })
  .meta({
    id: 'CreatedPasswordReset',
    examples: [
      {
        url: 'https://cairn.example.com/reset-password?token=cairn_reset_c3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcywgYjY0',
        expiresAt: '2026-03-03T09:12:07.311Z',
      },
    ],
  })

const tags = ['people']
/** These routes require a session. An API key cannot manage access. */
const security = [{ session: [] }]

/** The routes for the organization's members. */
export function memberRoutes(app: App, { database, system, publicUrl }: ApiContext): void {
  app.get(
    '/members',
    {
      schema: {
        tags,
        operationId: 'listMembers',
        summary: 'List members',
        description:
          'Oldest first. Only owners can manage members, invitations and API keys, and exclude regions. Only owners and API keys can manage integrations, and change the shared views of other users.',
        response: {
          200: jsonResponse('The members.', z.object({ items: z.array(memberSchema) })),
          ...problems(401, 503),
        },
      },
    },
    async (request) => {
      const rows = await readOrganization(database, request, listMembers)
      const users = await findUsers(
        system,
        rows.map((row) => row.user_id),
      )
      const byId = new Map(users.map((user) => [user.id, user]))
      return {
        items: rows.flatMap((row) => {
          const user = byId.get(row.user_id)
          // Removed in the meantime.
          if (!user) return []
          return { id: row.id, user, role: row.role, createdAt: row.created_at.toISOString() }
        }),
      }
    },
  )

  app.delete(
    '/members/:id',
    {
      schema: {
        tags,
        operationId: 'removeMember',
        summary: 'Remove a member',
        description:
          'Deletes the account of the member, ends its sessions and revokes the invitations and password reset links that it created. API keys created by the member stay valid. Requires a signed-in owner. The last owner cannot be removed.',
        security,
        params: z.object({ id: z.string().meta({ description: 'The member ID.' }) }),
        response: {
          204: z.null().describe('The member was removed.'),
          ...problems(401, 403, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      const { organizationId, params } = request
      const removed = await found('member', params.id, (id) =>
        asOrganization(database, organizationId, async (trx) => {
          await requireCurrentOwner(trx, request)
          return removeMember(trx, organizationId, id)
        }),
      )
      if (removed === 'last_owner') {
        throw new Problem(409, 'The last owner cannot be removed. Invite another owner first.')
      }
      // A session without a membership has no access, so the gap between the two statements is
      // safe.
      await deleteUserWithoutMembership(system, { id: removed.userId })
      return reply.code(204).send(null)
    },
  )

  app.post(
    '/members/:id/password-reset',
    {
      schema: {
        tags,
        operationId: 'createPasswordReset',
        summary: 'Create a password reset link',
        description: `Creates a link with which the member sets a new password. It works once, expires after ${PASSWORD_RESET_HOURS} hours, and replaces an earlier link. The current password stays valid until then. Requires a signed-in owner. Not available for a user who is also a member of another organization.`,
        security,
        params: z.object({ id: z.string().meta({ description: 'The member ID.' }) }),
        response: {
          201: jsonResponse('The created link.', createdPasswordResetSchema),
          ...problems(401, 403, 404, 409, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      const { organizationId, params } = request
      const token = newPasswordResetToken()
      const expiresAt = passwordResetExpiry()
      const { userId } = await found('member', params.id, (memberId) =>
        asOrganization(database, organizationId, async (trx) => {
          await requireCurrentOwner(trx, request)
          return insertPasswordReset(trx, {
            organizationId,
            memberId,
            token,
            expiresAt,
            createdBy: request.user!.id,
          })
        }),
      )
      // The link is not valid in this case either, see findOpenPasswordReset.
      if (await hasOtherOrganization(system, { userId, organizationId })) {
        throw new Problem(
          409,
          'This user is also a member of another organization, so an owner of one organization cannot reset the password.',
        )
      }
      reply.code(201)
      const url = passwordResetUrl(publicUrlOf(request, publicUrl), token)
      return { url, expiresAt: expiresAt.toISOString() }
    },
  )
}
