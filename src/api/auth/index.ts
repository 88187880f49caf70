import type { ApiContext, App } from '../context.ts'
import { requireSameOrigin } from '../origin.ts'
import { accountLinkRoutes } from './account-links.ts'
import { demoRoutes } from './demo.ts'
import { passwordResetRoutes } from './password-reset.ts'
import { sessionRoutes } from './sessions.ts'

/**
 * The routes that are used before an organization is known. No other route of better-auth is
 * reachable.
 */
export function authRoutes(app: App, context: ApiContext): void {
  app.addHook('onRequest', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') return
    // Also without a session cookie: a page of another site must not sign anyone in.
    const without = request.headers.cookie === undefined ? 'allowed' : 'refused'
    requireSameOrigin(request, context.publicUrl, without)
  })

  sessionRoutes(app, context)
  accountLinkRoutes(app, context)
  passwordResetRoutes(app, context)
  demoRoutes(app, context)
}
