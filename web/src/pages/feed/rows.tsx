import { Badge, Skeleton, Text } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconWorld } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { memo, useCallback, useRef } from 'react'
import type { Change, ChangeSet } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeIcon } from '../../components/outcome.tsx'
import { ErrorState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { formatTime, useZone, type Zone } from '../../time.tsx'
import { cut, type Entry, split } from './entries.ts'
import classes from './feed.module.css'
import { useMembers } from './queries.ts'
import { type ChangeQuery, type FeedSearch, searchOfSet, type Window } from './search.ts'

interface Looks {
  /** Account names by ID. */
  accounts: ReadonlyMap<string, string>
}

/** The search that lists all matching changes of a set. */
type WholeOf = (set: ChangeSet) => FeedSearch

/** The keyboard position (roving tabindex). */
interface Roving {
  selected: string | undefined
  /** The row that Tab reaches: the selected row, else the first. */
  reachable: string | undefined
  onSelect: (key: string) => void
  /** Called before navigating to a change. */
  onLeave?: () => void
}

/** The attribute of rows that j and k move through. The value is the key of the row. */
export const rowAttribute = 'data-row'

/** All rows, including the changes of expanded sets. */
export function rowsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>(`[${rowAttribute}]`) ?? [])]
}

export function findRow(list: HTMLElement | null, key: string): HTMLElement | null | undefined {
  return list?.querySelector<HTMLElement>(`[${rowAttribute}="${CSS.escape(key)}"]`)
}

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

function SetRow(
  props: Roving &
    Looks & {
      set: ChangeSet
      zone: Zone
      now: number
      query: ChangeQuery
      wholeOf: WholeOf
      isOpen: boolean
      onFold: (id: string) => void
    },
) {
  const { set, isOpen } = props
  const isSelected = props.selected === set.id
  const { subject, rest } = split(set.headline, set.subject)
  const minutes = Math.round((Date.parse(set.to) - Date.parse(set.from)) / 60_000)
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  return (
    <>
      <button
        type="button"
        className={classes.row}
        aria-expanded={isOpen}
        {...{ [rowAttribute]: set.id }}
        data-selected={isSelected || undefined}
        tabIndex={props.reachable === set.id ? 0 : -1}
        onFocus={() => props.onSelect(set.id)}
        onClick={() => props.onFold(set.id)}
      >
        <span className={classes.icon}>
          <Chevron size={16} aria-hidden />
        </span>
        <RowTime at={set.to} {...props} />
        <span className={classes.what}>
          <bdi className={classes.sentence}>
            <span className={classes.actor}>{cut(subject, 200)}</span>
            {cut(rest, 600)}
          </bdi>
          <Meta
            parts={[
              minutes > 0 ? `over ${minutes} min` : undefined,
              listed(set.regions),
              listed(set.accounts.map((id) => props.accounts.get(id) ?? id)),
              listed(set.tools),
            ]}
          />
        </span>
        <span className={classes.badges}>
          {set.publicAccess.length > 0 && <WorldBadge what={listed(set.publicAccess, 3)!} />}
          {set.failures > 0 && (
            <Badge color="red" variant="light" tt="none" size="sm">
              {set.failures.toLocaleString('en')} failed
            </Badge>
          )}
          {set.environments.map((id) => (
            <EnvironmentBadge key={id} id={id} />
          ))}
          <Badge color="gray" variant="light" tt="none" size="sm">
            {counted(set.changes, 'change')}
          </Badge>
        </span>
      </button>
      {isOpen && <Members {...props} />}
    </>
  )
}

/** The changes of a set. */
function Members(
  props: Roving &
    Looks & { set: ChangeSet; zone: Zone; now: number; query: ChangeQuery; wholeOf: WholeOf },
) {
  const { set } = props
  const members = useMembers(set.id, props.query, set.changes, true)
  if (members.isPending) {
    return (
      <div className={classes.member} aria-busy="true">
        <RowSkeletons count={Math.min(set.changes, 4)} />
      </div>
    )
  }
  if (members.isError) return <ErrorState error={members.error} retry={() => members.refetch()} />
  return (
    <ol className={classes.list} aria-label="Changes in this set">
      {members.data.map((change) => (
        <li key={change.id} className={`${classes.item} ${classes.entry}`}>
          <ChangeRow {...props} change={change} rowKey={`${set.id}/${change.id}`} isMember />
        </li>
      ))}
      {members.data.length < set.changes && (
        <li className={`${classes.item} ${classes.member}`}>
          <Text size="sm" py="xs">
            Showing the newest {members.data.length.toLocaleString('en')} of{' '}
            {set.changes.toLocaleString('en')}.{' '}
            <Link to="/" search={props.wholeOf(set)}>
              Show all
            </Link>
          </Text>
        </li>
      )}
    </ol>
  )
}

/** One change: a link to its page. */
export function ChangeRow(
  props: Roving &
    Looks & { change: Change; rowKey: string; zone: Zone; now: number; isMember?: boolean },
) {
  const { change, rowKey } = props
  const isSelected = props.selected === rowKey
  const { subject, rest } = split(change.summary, change.subject ?? '')
  return (
    <Link
      to="/changes/$id"
      params={{ id: change.id }}
      // Hovering over the list must not preload every change.
      preload={false}
      className={`${classes.row} ${props.isMember ? classes.member : ''}`}
      {...{ [rowAttribute]: rowKey }}
      data-selected={isSelected || undefined}
      tabIndex={props.reachable === rowKey ? 0 : -1}
      onFocus={() => props.onSelect(rowKey)}
      onClick={props.onLeave}
    >
      <span className={classes.icon}>
        <OutcomeIcon outcome={change.outcome} />
      </span>
      <RowTime at={change.occurredAt} {...props} />
      <span className={classes.what}>
        <bdi className={classes.sentence}>
          <span className={classes.actor}>{cut(subject, 200)}</span>
          {cut(rest, 600)}
        </bdi>
        <Meta
          parts={[
            change.service,
            change.region,
            change.accountId && (props.accounts.get(change.accountId) ?? change.accountId),
            change.tool.label,
          ]}
        />
      </span>
      <span className={classes.badges}>
        {change.publicAccess !== undefined && <WorldBadge what={change.publicAccess} />}
        {change.noise !== null && (
          <Badge color="gray" variant="outline" tt="none" size="sm">
            routine
          </Badge>
        )}
        {change.environments.map((id) => (
          <EnvironmentBadge key={id} id={id} />
        ))}
      </span>
    </Link>
  )
}

function RowTime({ at, zone, now }: { at: string; zone: Zone; now: number }) {
  return (
    <time className={classes.time} dateTime={at} title={new Date(at).toISOString()}>
      {formatTime(at, zone, now)}
    </time>
  )
}

function Meta({ parts }: { parts: (string | null | undefined)[] }) {
  const told = parts.filter((part) => part !== null && part !== undefined && part !== '')
  return (
    <span className={classes.meta} style={{ display: 'block' }}>
      {told.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two parts may say the same
        <span key={index}>
          {index > 0 && ' · '}
          <bdi>{cut(part!, 120)}</bdi>
        </span>
      ))}
    </span>
  )
}

export function WorldBadge({ what }: { what: string }) {
  return (
    <Badge
      color="red"
      variant="filled"
      tt="none"
      size="sm"
      leftSection={<IconWorld size={12} aria-hidden />}
      title={cut(what, 300)}
    >
      Public access
    </Badge>
  )
}

/** `a, b and 3 more`. */
function listed(names: readonly string[], most = 2): string | undefined {
  if (names.length === 0) return undefined
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

export function RowSkeletons({ count }: { count: number }) {
  return (
    <div aria-hidden>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike, and stay where they are
        <div key={index} className={classes.row}>
          <Skeleton height={16} circle mt={3} />
          <Skeleton height={14} mt={4} />
          <div>
            <Skeleton height={14} width={`${75 - ((index * 17) % 40)}%`} mt={4} />
            <Skeleton height={10} width="30%" mt={6} />
          </div>
        </div>
      ))}
    </div>
  )
}
