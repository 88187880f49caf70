import type { ApiContext, App } from '../context.ts'
import { authHeaders, setCookies } from '../person.ts'
import { Problem } from '../problems.ts'
import { isFromThisMachine } from './this-machine.ts'

/** Signs in as the demo owner. The route exists only in the demo. */
export function demoRoutes(app: App, { auth, demoOwner }: ApiContext): void {
  if (!demoOwner) return
  // Set only in code, by scripts/demo.ts, which also creates the owner and its password.
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
