import { memo, useMemo } from 'react'
import { rowDays, type ShownRow } from '../../days.ts'
import { useZone, type Zone } from '../../time.tsx'
import { FeedChange } from './change-row.tsx'
import type { Entry } from './entries.ts'
import classes from './feed.module.css'
import { DayHeading } from './row-parts.tsx'
import type { Looks, Roving, WholeOf } from './row-types.ts'
import type { ChangeQuery } from './search.ts'
import { type RowSelection, useSelected } from './selection.ts'
import { SetRow } from './set-row.tsx'

/**
 * The feed's list: changes, and sets that expand to their changes. It does not render again with
 * the page around it: all properties stay the same until the list changes.
 */
export const FeedRows = memo(function FeedRows(
  props: Omit<Roving, 'reachable' | 'selected'> &
    Looks & {
      entries: readonly Entry[]
      selection: RowSelection
      /** For the changes of expanded sets. */
      query: ChangeQuery | undefined
      wholeOf: WholeOf
      open: ReadonlySet<string>
      onFold: (id: string) => void
      /** A time today, in Unix milliseconds. Other days have headings. */
      now: number
    },
) {
  const [zone] = useZone()
  const { entries, now, open } = props
  const selected = useSelected(props.selection)
  const days = useMemo(
    () =>
      rowDays(
        entries.map((entry) => shownRow(entry, open)),
        zone,
        now,
      ),
    [entries, open, zone, now],
  )
  const first = entries[0]?.id
  const isThere = entries.some(({ id }) => id === selected || selected?.startsWith(`${id}/`))
  const reachable = isThere ? selected : first
  const isIn = (id: string, key: string | undefined) => key === id || key?.startsWith(`${id}/`)
  return (
    <ol className={classes.list} aria-label="Changes">
      {entries.map((entry, index) => (
        <EntryRow
          key={entry.id}
          entry={entry}
          zone={zone}
          query={open.has(entry.id) ? props.query : undefined}
          now={now}
          onFold={props.onFold}
          day={days[index]?.heading}
          isDated={days[index]?.isDated ?? false}
          wholeOf={props.wholeOf}
          accounts={props.accounts}
          // Only the affected row renders again.
          selected={isIn(entry.id, selected) ? selected : undefined}
          reachable={isIn(entry.id, reachable) ? reachable : undefined}
          onSelect={props.onSelect}
          onLeave={props.onLeave}
          onOpen={props.onOpen}
        />
      ))}
    </ol>
  )
})

function shownRow(entry: Entry, open: ReadonlySet<string>): ShownRow {
  if (entry.kind === 'change') return { at: entry.change.occurredAt }
  const { id, set } = entry
  return { at: set.to, until: open.has(id) ? set.from : undefined }
}

const EntryRow = memo(function EntryRow(
  props: Roving &
    Looks & {
      entry: Entry
      /** The heading of the day that begins with this entry. */
      day: string | undefined
      isDated: boolean
      zone: Zone
      now: number
      query: ChangeQuery | undefined
      wholeOf: WholeOf
      onFold: (id: string) => void
    },
) {
  const { entry } = props
  return (
    <li className={`${classes.item} ${classes.entry}`}>
      <DayHeading day={props.day} />
      {entry.kind === 'set' ? (
        <SetRow {...props} set={entry.set} />
      ) : (
        <FeedChange {...props} change={entry.change} rowKey={entry.id} />
      )}
    </li>
  )
})
