import type { ApiContext, App } from '../context.ts'
import { deliveryRoutes } from './deliveries.ts'
import { recoveryRoutes } from './recovery.ts'
import { integrationRoutes } from './routes.ts'

/** All routes under `/integrations`. Webhooks themselves arrive outside the API, see receiver.ts. */
export function allIntegrationRoutes(app: App, context: ApiContext): void {
  integrationRoutes(app, context)
  deliveryRoutes(app, context)
  recoveryRoutes(app, context)
}
