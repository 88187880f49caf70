import type { Change, CloudTrailDetail } from '../../client.ts'
import { fitsInUrl, HOUR_MS, type RelatedQuery, rangeAround } from '../../pages/change/change.ts'

/** One request can have several records, for example for what AWS did on its behalf. */
export function relatedQueries(change: Change): RelatedQuery[] {
  const { requestId } = change.detail as CloudTrailDetail
  if (requestId === undefined || !fitsInUrl(requestId)) return []
  const search = { ...rangeAround(change, HOUR_MS), request: [requestId], noise: 'shown' as const }
  return [{ title: 'Same request', search }]
}
