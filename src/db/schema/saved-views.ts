import type { Generated, JSONColumnType } from 'kysely'
import type { ViewQuery } from '../../changes/saved-views.ts'

export interface SavedViewsTable {
  id: Generated<string>
  organization_id: string
  user_id: string | null
  name: string
  query: JSONColumnType<ViewQuery>
  shared: boolean
  created_at: Generated<Date>
}
