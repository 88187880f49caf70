import type { Change, CloudTrailDetail } from '../../client.ts'
import { around, HOUR, isAskable, type Neighbours } from '../../pages/change/change.ts'

/** One request can have several records, for example for what AWS did on its behalf. */
export function neighbours(change: Change): Neighbours[] {
  const { requestId } = change.detail as CloudTrailDetail
  if (requestId === undefined || !isAskable(requestId)) return []
  const search = { ...around(change, HOUR), request: [requestId], noise: 'shown' as const }
  return [{ title: 'Same request', search }]
}
