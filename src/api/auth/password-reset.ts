import { z } from 'zod'
import { resetPassword } from '../../auth/reset-password.ts'
import { findOpenPasswordReset } from '../../db/password-resets.ts'
import type { ApiContext, App } from '../context.ts'
import { newPasswordSchema } from '../person.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'

const tags = ['sign-in']

const tokenSchema = z.string().min(1).max(200)

const passwordResetSchema = z
  .object({ name: z.string(), email: z.string(), expiresAt: z.iso.datetime() })
  .meta({
    id: 'PasswordReset',
    examples: [
      { name: 'Ada Byron', email: 'ada@example.com', expiresAt: '2026-03-03T12:00:00.000Z' },
    ],
  })

const newPasswordBody = z.strictObject({ token: tokenSchema, password: newPasswordSchema }).meta({
  id: 'NewPassword',
  examples: [
    {
      token: 'cairn_reset_c3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcywgYjY0',
      password: 'battery staple',
    },
  ],
})

function noSuchLink(): Problem {
  return new Problem(
    404,
    'This link is not valid: it was used, was replaced by a newer one, has expired, or is incomplete. Ask an owner for a new one.',
  )
}

/** The routes of the links that set a new password. */
export function passwordResetRoutes(app: App, { auth, system }: ApiContext): void {
  app.get(
    '/password-reset',
    {
      schema: {
        tags,
        operationId: 'getPasswordReset',
        summary: 'Get a password reset link',
        description: 'Returns whose password the link sets. Does not use the link.',
        security: [],
        querystring: z.strictObject({
          token: tokenSchema.meta({ description: 'The token in the link.' }),
        }),
        response: {
          200: jsonResponse('The link is valid.', passwordResetSchema),
          ...problems(404, 422, 503),
        },
      },
    },
    async (request) => {
      const reset = await findOpenPasswordReset(system, request.query.token)
      if (!reset) throw noSuchLink()
      const { name, email, expires_at } = reset
      return { name, email, expiresAt: expires_at.toISOString() }
    },
  )

  app.post(
    '/password-reset',
    {
      schema: {
        tags,
        operationId: 'resetPassword',
        summary: 'Set a new password with a link',
        description:
          'Sets the password and ends all sessions of the user. The link cannot be used again. Sign in afterwards.',
        security: [],
        body: newPasswordBody,
        response: {
          204: z.null().describe('The password is set.'),
          ...problems(403, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { token, password } = request.body
      if (!(await resetPassword(auth.settings, token, password))) throw noSuchLink()
      return reply.code(204).send(null)
    },
  )
}
