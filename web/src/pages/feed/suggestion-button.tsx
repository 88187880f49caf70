import { Button } from '@mantine/core'
import { number } from '../../format.ts'
import { useCount } from './queries.ts'
import { type FeedSearch, toQuery, windowOf } from './search.ts'
import type { Suggestion } from './suggestions.ts'

/** Shows another list. The button has the number of its changes, and is absent if there are none. */
export function SuggestionButton(props: {
  suggestion: Suggestion
  asOf: number
  onChange: (search: FeedSearch) => void
}) {
  const { label, search } = props.suggestion
  const count = useCount(toQuery(search, windowOf(search, props.asOf)), props.asOf)
  if (count.isPending || count.data?.total === 0) return null
  const total = count.data && number(count.data.total)
  return (
    <Button variant="default" onClick={() => props.onChange(search)}>
      {label}
      {total !== undefined && ` (${total}${count.data?.partial ? '+' : ''})`}
    </Button>
  )
}
