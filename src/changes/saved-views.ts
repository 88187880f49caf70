/** The search parameters of the feed's URL. */
export type ViewQuery = Record<string, string | string[]>

interface BuiltInView {
  id: string
  name: string
  query: ViewQuery
}

/** Limit for the views of an organization. */
export const MAX_VIEWS = 500
/** Limit for a view's query, as JSON. */
export const MAX_VIEW_QUERY_BYTES = 8 * 1024

/** The views that every organization has. */
export const BUILT_IN_VIEWS: readonly BuiltInView[] = [
  { id: 'builtin-public-access', name: 'Public access', query: { risk: ['public_access'] } },
  { id: 'builtin-iam', name: 'IAM', query: { service: ['iam'] } },
  {
    id: 'builtin-production-last-hour',
    name: 'Production, last hour',
    query: { environment: ['Production'], range: '1h' },
  },
  {
    id: 'builtin-failed-and-denied',
    name: 'Failed and denied',
    query: { outcome: ['failed', 'denied'] },
  },
]
