import type { ApiContext, App } from '../context.ts'
import { requireSameOrigin } from '../origin.ts'
import { accountLinkRoutes } from './account-links.ts'
import { demoRoutes } from './demo.ts'
import { sessionRoutes } from './sessions.ts'

/** What is used before an organization is known. No other route of better-auth can be reached. */
export function authRoutes(app: App, context: ApiContext): void {
  app.addHook('onRequest', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    // Without a cookie no session is at stake; a page of another site may not sign anyone in either.
    const without = request.headers.cookie === undefined ? 'allowed' : 'refused'
    requireSameOrigin(request, context.publicUrl, without)
  })

  sessionRoutes(app, context)
  accountLinkRoutes(app, context)
  demoRoutes(app, context)
}
