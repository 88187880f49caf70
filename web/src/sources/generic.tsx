import { RecordSection } from '../pages/change/parts.tsx'
import type { Detail, SourceView } from './view.ts'

export const generic: SourceView = { Event }

function Event({ detail, record }: { detail: Detail; record: unknown }) {
  const { source: _, ...fields } = detail
  const parts = [
    { title: 'Details', value: fields },
    { title: 'Record', value: record },
  ]
  // Nothing else on the page shows what the source reported.
  return <RecordSection title="Event" parts={parts} record={record} isOpenAtFirst />
}
