import { Button, Group, Pill } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { filterLabels } from '../../../../src/changes/filters.ts'
import { cut } from './entries.ts'
import type { LabelOf } from './field-facets.tsx'
import { chosen, type FeedSearch, toggle, withoutFilters } from './search.ts'

/** The active filters, each removable. */
export function Chips({
  search,
  labelOf,
  onChange,
  onGone,
}: {
  search: FeedSearch
  labelOf: LabelOf
  onChange: (search: FeedSearch) => void
  /** The last filter was removed, so the focus must move. */
  onGone: () => void
}) {
  const all = chosen(search)
  const group = useRef<HTMLDivElement>(null)
  const goneAt = useRef<number>(undefined)
  const remove = (index: number, next: FeedSearch) => {
    goneAt.current = index
    onChange(next)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the chip has gone
  useEffect(() => {
    if (goneAt.current === undefined) return
    const left = group.current?.querySelectorAll('button') ?? []
    // The last button is "Clear all".
    const next = left[Math.min(goneAt.current, left.length - 2)]
    goneAt.current = undefined
    if (next) next.focus()
    else onGone()
  }, [all.length])
  if (all.length === 0) return null
  return (
    <Group gap={6} role="group" aria-label="Active filters" ref={group}>
      {all.map(({ field, value, how }, index) => {
        const label = cut(labelOf(field, value), 60)
        const isOut = how === 'exclude'
        return (
          <Pill
            key={`${how} ${field} ${value}`}
            size="md"
            withRemoveButton
            onRemove={() => remove(index, toggle(search, field, value, how))}
            removeButtonProps={{
              'aria-label': `Remove: ${filterLabels[field]} ${isOut ? 'not ' : ''}${label}`,
              tabIndex: 0,
              'aria-hidden': false,
            }}
          >
            {filterLabels[field]} {isOut ? 'not ' : ''}
            <bdi>{label}</bdi>
          </Pill>
        )
      })}
      <Button variant="subtle" size="compact-xs" onClick={() => remove(0, withoutFilters(search))}>
        Clear all
      </Button>
    </Group>
  )
}
