import { z } from 'zod'
import { PASSWORD_LENGTH } from '../../auth/better-auth.ts'
import type { ApiContext, App } from '../context.ts'
import { authHeaders, emailSchema, newPasswordSchema, setCookies, userSchema } from '../person.ts'
import { jsonResponse, problems } from '../problems.ts'
import { callBetterAuth } from './better-auth.ts'
import { signedIn } from './schema.ts'
import { isFromThisMachine } from './this-machine.ts'

const tags = ['sign-in']

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

/** The routes for sign-in, sign-out and passwords. better-auth implements them. */
export function sessionRoutes(app: App, context: ApiContext): void {
  const { auth, demoOwner } = context

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
          200: jsonResponse('Signed in.', signedIn),
          ...problems(401, 403, 422, 429, 503),
        },
      },
    },
    async (request, reply) =>
      (await callBetterAuth(context, request, reply, '/sign-in/email', request.body)) as z.input<
        typeof signedIn
      >,
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
      await callBetterAuth(context, request, reply, '/sign-out', {})
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
        response: { 200: jsonResponse('The session.', sessionSchema), ...problems(503) },
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
          200: jsonResponse(
            'Password changed. The current session continues with a new cookie.',
            signedIn,
          ),
          ...problems(401, 403, 422, 429, 503),
        },
      },
    },
    async (request, reply) =>
      (await callBetterAuth(context, request, reply, '/change-password', {
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
      await callBetterAuth(context, request, reply, '/revoke-other-sessions', {})
      return reply.code(204).send(null)
    },
  )
}
