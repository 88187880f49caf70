import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { CLIENT_ADDRESS_HEADER, PASSWORD_LENGTH } from '../auth/better-auth.ts'
import { roles } from '../auth/roles.ts'
import { text } from './text.ts'

export const userSchema = z.object({ id: z.uuid(), name: z.string(), email: z.string() }).meta({
  id: 'User',
  examples: [
    { id: '5f0b6f2e-6c2b-4f0e-9a52-7d9f3f1c2a10', name: 'Ada Byron', email: 'ada@example.com' },
  ],
})

export const roleSchema = z.enum(roles)

/** As stored: no two users have addresses that differ only in case. */
export const emailSchema = z.email({ error: 'Not a valid email address.' }).max(254).toLowerCase()

export const nameSchema = text(200).trim().min(1)

export const newPasswordSchema = z
  .string()
  .min(PASSWORD_LENGTH.min, `A password must have at least ${PASSWORD_LENGTH.min} characters.`)
  .max(PASSWORD_LENGTH.max, `A password must have at most ${PASSWORD_LENGTH.max} characters.`)

/** The part of a request that better-auth receives. */
export function authHeaders(request: FastifyRequest): Headers {
  const headers = new Headers({ [CLIENT_ADDRESS_HEADER]: request.ip })
  const { cookie, 'user-agent': agent } = request.headers
  if (cookie !== undefined) headers.set('cookie', cookie)
  if (agent !== undefined) headers.set('user-agent', agent.slice(0, 500))
  return headers
}

export function setCookies(reply: FastifyReply, cookies: string[]): void {
  if (cookies.length === 0) return
  // Whether the request used HTTPS, which a trusted proxy may terminate, regardless of
  // CAIRN_PUBLIC_URL.
  const secured = reply.request.protocol === 'https' ? cookies.map(withSecure) : cookies
  reply.header('set-cookie', secured)
}

function withSecure(cookie: string): string {
  return /;\s*secure\s*(;|$)/i.test(cookie) ? cookie : `${cookie}; Secure`
}
