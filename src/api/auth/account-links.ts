import { z } from 'zod'
import { createAccount, InvitationRejected } from '../../auth/accept-invitation.ts'
import { findOpenInvitation } from '../../db/members.ts'
import type { ApiContext, App } from '../context.ts'
import {
  authHeaders,
  emailSchema,
  nameSchema,
  newPasswordSchema,
  roleSchema,
  setCookies,
} from '../person.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import { signedIn } from './schema.ts'

const tags = ['sign-in']

const tokenSchema = z.string().min(1).max(200)

const accountLinkSchema = z
  .object({
    kind: z.enum(['owner', 'invitation']).meta({
      description:
        '`owner` for the setup link of a new installation, which creates the owner account; `invitation` for an invitation.',
    }),
    organization: z.object({ name: z.string() }),
    role: roleSchema,
    email: z.string().nullable().meta({
      description: 'The only email address that can accept the invitation. Null means any address.',
    }),
    expiresAt: z.iso.datetime(),
  })
  .meta({
    id: 'AccountLink',
    examples: [
      {
        kind: 'invitation',
        organization: { name: 'default' },
        role: 'member',
        email: 'ada@example.com',
        expiresAt: '2026-03-09T12:00:00.000Z',
      },
    ],
  })

const newcomerSchema = z
  .strictObject({
    token: tokenSchema,
    name: nameSchema,
    email: emailSchema,
    password: newPasswordSchema,
  })
  .meta({
    id: 'Newcomer',
    examples: [
      {
        token: 'cairn_invite_c3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcywgYjY0',
        name: 'Ada Byron',
        email: 'ada@example.com',
        password: 'battery staple',
      },
    ],
  })

function noSuchLink(): Problem {
  return new Problem(
    404,
    'This link is not valid: it was used, was revoked, has expired, or is incomplete. Ask an owner for a new invitation. ' +
      'For a new installation, restart Cairn: until there is an owner, each start prints a setup link.',
  )
}

/** The routes of the links that create accounts. */
export function accountLinkRoutes(app: App, { auth, system }: ApiContext): void {
  app.get(
    '/invitation',
    {
      schema: {
        tags,
        operationId: 'getAccountLink',
        summary: 'Get an account setup link',
        description: 'Returns what the link creates. Does not use the link.',
        security: [],
        querystring: z.strictObject({
          token: tokenSchema.meta({ description: 'The token in the link.' }),
        }),
        response: {
          200: jsonResponse('The link is valid.', accountLinkSchema),
          ...problems(404, 422, 503),
        },
      },
    },
    async (request) => {
      const invitation = await findOpenInvitation(system, request.query.token)
      if (!invitation) throw noSuchLink()
      return {
        kind: invitation.first_owner ? ('owner' as const) : ('invitation' as const),
        organization: { name: invitation.organization },
        role: invitation.role,
        email: invitation.email,
        expiresAt: invitation.expires_at.toISOString(),
      }
    },
  )

  app.post(
    '/invitation',
    {
      schema: {
        tags,
        operationId: 'acceptInvitation',
        summary: 'Create an account from a link',
        description:
          'Creates the user, adds it to the organization and signs in. The link cannot be used again.',
        security: [],
        body: newcomerSchema,
        response: {
          201: jsonResponse('The created user, signed in.', signedIn),
          ...problems(403, 404, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { token, ...newcomer } = request.body
      const made = await createAccount(auth.settings, token, newcomer, authHeaders(request)).catch(
        (error) => {
          throw error instanceof InvitationRejected ? invitationProblem(error) : error
        },
      )
      setCookies(reply, made.cookies)
      reply.code(201)
      return { user: made.user }
    },
  )
}

function invitationProblem({ reason }: InvitationRejected): Problem {
  switch (reason) {
    case 'no_such_link':
      return noSuchLink()
    case 'other_email': {
      const detail = 'The invitation is for a different email address.'
      return new Problem(422, `/email: ${detail}`, { errors: [{ pointer: '/email', detail }] })
    }
    case 'email_taken': {
      const detail =
        'An account with this email address already exists. Sign in with it, or use a different address.'
      return new Problem(409, detail, { errors: [{ pointer: '/email', detail }] })
    }
  }
}
