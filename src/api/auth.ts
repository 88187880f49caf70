import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { createAccount, InvitationRejected } from '../auth/accept-invitation.ts'
import { baseUrl, PASSWORD_LENGTH } from '../auth/better-auth.ts'
import { findOpenInvitation } from '../db/members.ts'
import type { ApiContext, App } from './context.ts'
import { requireSameOrigin } from './origin.ts'
import {
  authHeaders,
  emailSchema,
  nameSchema,
  newPasswordSchema,
  roleSchema,
  setCookies,
  userSchema,
} from './person.ts'
import { answer, Problem, problems } from './problems.ts'

const tags = ['sign-in']

const tokenSchema = z.string().min(1).max(200)

const signInSchema = z
  .strictObject({ email: emailSchema, password: z.string().min(1).max(PASSWORD_LENGTH.max) })
  .meta({ id: 'SignIn', examples: [{ email: 'ada@example.com', password: 'correct horse' }] })

const changePasswordSchema = z
  .strictObject({
    currentPassword: z.string().min(1).max(PASSWORD_LENGTH.max),
    newPassword: newPasswordSchema,
  })
  .meta({
    id: 'ChangePassword',
    examples: [{ currentPassword: 'correct horse', newPassword: 'battery staple' }],
  })

const sessionSchema = z
  .object({
    user: userSchema.nullable(),
    expiresAt: z.iso.datetime().nullable(),
    demoSignIn: z.string().nullable().meta({
      description:
        'The path that signs in as the demo owner. Null outside the demo and for requests from other machines.',
    }),
  })
  .meta({ id: 'Session', examples: [{ user: null, expiresAt: null, demoSignIn: null }] })

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

const signedIn = z.object({ user: userSchema })

function noSuchLink(): Problem {
  return new Problem(
    404,
    'This link is not valid: it was used, was revoked, has expired, or is incomplete. Ask an owner for a new invitation. ' +
      'For a new installation, restart Cairn: until there is an owner, each start prints a setup link.',
  )
}

/**
 * Signing in and out, and the links that make accounts: what comes before an organization is
 * known. better-auth does the work; what is not here cannot be reached.
 */
export function authRoutes(app: App, { auth, system, publicUrl, demoOwner }: ApiContext): void {
  app.addHook('onRequest', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    // Without a cookie nobody's session is at stake; a foreign page may not sign anybody in either.
    const without = request.headers.cookie === undefined ? 'allowed' : 'refused'
    requireSameOrigin(request, publicUrl, without)
  })

  /** Has better-auth answer, limits on tries included. What it refuses is thrown as a problem. */
  async function ask(
    request: FastifyRequest,
    reply: FastifyReply,
    path: string,
    body?: object,
  ): Promise<unknown> {
    const headers = authHeaders(request)
    // The origin was compared above, with more than one that may be right.
    headers.set('origin', baseUrl(publicUrl))
    if (body) headers.set('content-type', 'application/json')
    const response = await auth.better.handler(
      new Request(`${baseUrl(publicUrl)}/api/auth${path}`, {
        method: request.method,
        headers,
        body: body && JSON.stringify(body),
      }),
    )
    setCookies(reply, response.headers.getSetCookie())
    const said: unknown = await response.json().catch(() => undefined)
    if (response.status >= 500) await auth.blame()
    if (!response.ok) throw refusal(response, (said as { code?: string } | undefined)?.code)
    return said
  }

  app.post(
    '/auth/sign-in/email',
    {
      schema: {
        tags,
        operationId: 'signIn',
        summary: 'Sign in',
        description: 'Sets the session cookie: HttpOnly, SameSite=Lax, and Secure over HTTPS.',
        security: [],
        body: signInSchema,
        response: {
          200: answer('Signed in.', signedIn),
          ...problems(401, 403, 422, 429, 503),
        },
      },
    },
    async (request, reply) =>
      (await ask(request, reply, '/sign-in/email', request.body)) as z.input<typeof signedIn>,
  )

  app.post(
    '/auth/sign-out',
    {
      schema: {
        tags,
        operationId: 'signOut',
        summary: 'Sign out',
        description: 'Ends the session and clears the cookie.',
        security: [],
        response: {
          204: z.null().describe('Signed out.'),
          ...problems(403, 503),
        },
      },
    },
    async (request, reply) => {
      await ask(request, reply, '/sign-out', {})
      return reply.code(204).send(null)
    },
  )

  app.get(
    '/auth/get-session',
    {
      schema: {
        tags,
        operationId: 'getSession',
        summary: 'Get the session',
        description: 'Without a session, `user` is null.',
        security: [],
        response: { 200: answer('The session.', sessionSchema), ...problems(503) },
      },
    },
    async (request, reply) => {
      const session = await auth.session(authHeaders(request))
      setCookies(reply, session?.cookies ?? [])
      return {
        user: session?.user ?? null,
        expiresAt: session?.expiresAt.toISOString() ?? null,
        demoSignIn: demoOwner && isFromThisMachine(request) ? '/api/demo/sign-in' : null,
      }
    },
  )

  app.post(
    '/auth/change-password',
    {
      schema: {
        tags,
        operationId: 'changePassword',
        summary: 'Change password',
        description: 'Ends all other sessions of the user.',
        security: [],
        body: changePasswordSchema,
        response: {
          200: answer(
            'Password changed. The current session continues with a new cookie.',
            signedIn,
          ),
          ...problems(401, 403, 422, 429, 503),
        },
      },
    },
    async (request, reply) =>
      (await ask(request, reply, '/change-password', {
        ...request.body,
        revokeOtherSessions: true,
      })) as z.input<typeof signedIn>,
  )

  app.post(
    '/auth/revoke-other-sessions',
    {
      schema: {
        tags,
        operationId: 'revokeOtherSessions',
        summary: 'Sign out other sessions',
        description: 'Ends all sessions of the user except the current one.',
        security: [],
        response: {
          204: z.null().describe('Other sessions are ended.'),
          ...problems(401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      await ask(request, reply, '/revoke-other-sessions', {})
      return reply.code(204).send(null)
    },
  )

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
          200: answer('The link is valid.', accountLinkSchema),
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
          201: answer('The created user, signed in.', signedIn),
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

  if (demoOwner) {
    // Only what was started in code has an owner whose password it knows: see scripts/demo.ts.
    app.get('/demo/sign-in', { schema: { hide: true } }, async (request, reply) => {
      if (!isFromThisMachine(request)) {
        throw new Problem(403, 'Demo sign-in works only on the machine that runs the demo.')
      }
      const signedIn = await auth.better.api.signInEmail({
        body: demoOwner,
        headers: authHeaders(request),
        returnHeaders: true,
      })
      setCookies(reply, signedIn.headers.getSetCookie())
      return reply.redirect('/')
    })
  }
}

/**
 * Whether somebody asks who sits at this machine: not a page of another site, nor one whose name
 * was made to point here.
 */
function isFromThisMachine(request: FastifyRequest): boolean {
  return (
    /^(127\.|::1$|::ffff:127\.)/.test(request.ip) &&
    /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.host) &&
    /^(none|same-origin)?$/.test(String(request.headers['sec-fetch-site'] ?? ''))
  )
}

function refusal(response: Response, code: string | undefined): Problem {
  if (response.status === 429) {
    const seconds = response.headers.get('x-retry-after') ?? '60'
    return new Problem(429, `Too many attempts. Try again in ${seconds} s.`, {
      headers: { 'retry-after': seconds },
    })
  }
  if (code === 'INVALID_EMAIL_OR_PASSWORD') {
    return new Problem(401, 'Wrong email address or password.')
  }
  if (code === 'INVALID_PASSWORD') {
    const detail = 'Wrong current password.'
    return new Problem(422, `/currentPassword: ${detail}`, {
      errors: [{ pointer: '/currentPassword', detail }],
    })
  }
  if (response.status === 401) return new Problem(401, 'Not signed in. Sign in first.')
  return new Problem(
    500,
    'Internal error. The server log has the details under the ID in `instance`.',
    {
      cause: new Error(`better-auth answered ${response.status} ${code}`),
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
