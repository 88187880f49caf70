import type { FastifyReply, FastifyRequest } from 'fastify'
import { baseUrl } from '../../auth/better-auth.ts'
import type { ApiContext } from '../context.ts'
import { authHeaders, setCookies } from '../person.ts'
import { Problem } from '../problems.ts'

/**
 * Passes the request to better-auth, which also limits attempts.
 *
 * @throws Problem for each error that better-auth returns
 */
export async function callBetterAuth(
  { auth, publicUrl }: Pick<ApiContext, 'auth' | 'publicUrl'>,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = authHeaders(request)
  // The hook in index.ts has already checked the origin.
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
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.status >= 500) await auth.blame()
  if (!response.ok)
    throw betterAuthProblem(response, (answer as { code?: string } | undefined)?.code)
  return answer
}

function betterAuthProblem(response: Response, code: string | undefined): Problem {
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
      cause: new Error(`better-auth returned ${response.status} ${code}`),
    },
  )
}
