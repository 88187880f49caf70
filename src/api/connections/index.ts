import type { ApiContext, App } from '../context.ts'
import { bulkConnectionRoutes } from './bulk.ts'
import { coverageRoutes } from './coverage.ts'
import { importRoutes } from './import.ts'
import { connectionRoutes } from './routes.ts'
import { setupRoutes } from './setup.ts'
import { trustReviewRoutes } from './trust-review.ts'
import { unparsedRecordRoutes } from './unparsed-records.ts'
import { verificationRoutes } from './verification.ts'

const parts = [
  connectionRoutes,
  verificationRoutes,
  coverageRoutes,
  importRoutes,
  bulkConnectionRoutes,
  setupRoutes,
  trustReviewRoutes,
  unparsedRecordRoutes,
]

/** All routes under `/connections`. */
export function allConnectionRoutes(app: App, context: ApiContext): void {
  for (const addRoutes of parts) addRoutes(app, context)
}
