import { memo, useCallback, useRef } from 'react'
import type { ChangeSet } from '../../client.ts'
import { formatTime, useZone, type Zone } from '../../time.tsx'
import { ChangeRow } from './change-row.tsx'
import type { Entry } from './entries.ts'
import classes from './feed.module.css'
import type { Looks, Roving, WholeOf } from './row-types.ts'
import { type ChangeQuery, type FeedSearch, searchOfSet, type Window } from './search.ts'
import { SetRow } from './set-row.tsx'

/** The feed's list: changes, and sets that expand to their changes. */
export function Rows(
  props: Omit<Roving, 'reachable'> &
    Looks & {
      entries: readonly Entry[]
      query: ChangeQuery
      search: FeedSearch
      window: Window
      open: ReadonlySet<string>
      onFold: (id: string) => void
      /** Some time today, in milliseconds. Times of other days are shown with a date. */
      now: number
    },
) {
  const [zone] = useZone()
  const day = (time: string) => formatTime(time, zone, props.now).length
  const isWide = props.entries.some((entry) => day(timeOf(entry)) > 8)
  const first = props.entries[0]?.id
  const isThere = props.entries.some(
    ({ id }) => id === props.selected || props.selected?.startsWith(`${id}/`),
  )
  const reachable = isThere ? props.selected : first
  // The position is part of the search and changes often.
  const latest = useRef(props)
  latest.current = props
  const wholeOf = useCallback(
    (set: ChangeSet) => searchOfSet(latest.current.search, latest.current.window, set),
    [],
  )
  const isIn = (id: string, key: string | undefined) => key === id || key?.startsWith(`${id}/`)
  return (
    <ol className={`${classes.list} ${isWide ? classes.wideTime : ''}`} aria-label="Changes">
      {props.entries.map((entry) => (
        <EntryRow
          key={entry.id}
          {...{ entry, zone, query: props.query, now: props.now, onFold: props.onFold }}
          wholeOf={wholeOf}
          accounts={props.accounts}
          isOpen={entry.kind === 'set' && props.open.has(entry.id)}
          // Only the affected row renders again.
          selected={isIn(entry.id, props.selected) ? props.selected : undefined}
          reachable={isIn(entry.id, reachable) ? reachable : undefined}
          onSelect={props.onSelect}
          onLeave={props.onLeave}
          onOpen={props.onOpen}
        />
      ))}
    </ol>
  )
}

const timeOf = (entry: Entry) => (entry.kind === 'set' ? entry.set.to : entry.change.occurredAt)

const EntryRow = memo(function EntryRow(
  props: Roving &
    Looks & {
      entry: Entry
      zone: Zone
      now: number
      query: ChangeQuery
      wholeOf: WholeOf
      isOpen: boolean
      onFold: (id: string) => void
    },
) {
  const { entry } = props
  return (
    <li className={`${classes.item} ${classes.entry}`}>
      {entry.kind === 'set' ? (
        <SetRow {...props} set={entry.set} />
      ) : (
        <ChangeRow {...props} change={entry.change} rowKey={entry.id} />
      )}
    </li>
  )
})
