import { Text } from '@mantine/core'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ChangeSet } from '../../client.ts'
import { Words } from '../../components/breakable.tsx'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeCount } from '../../components/outcome.tsx'
import { isUrgent, RiskBadges } from '../../components/risk.tsx'
import { ErrorState } from '../../components/states.tsx'
import { dayHeadings } from '../../days.ts'
import { counted, number } from '../../format.ts'
import { SourceIcon } from '../../sources/icon.tsx'
import type { Zone } from '../../time.tsx'
import { FeedChange } from './change-row.tsx'
import { cut, split } from './entries.ts'
import classes from './feed.module.css'
import { useMembers } from './queries.ts'
import { rowAttribute } from './row-elements.ts'
import { DayHeading, firstFew, Meta, RowSkeletons, RowTime } from './row-parts.tsx'
import type { Looks, Roving, WholeOf } from './row-types.ts'
import type { ChangeQuery } from './search.ts'

/** A change set, which expands to its changes. */
export function SetRow(
  props: Roving &
    Looks & {
      set: ChangeSet
      zone: Zone
      now: number
      /** For its changes. It is expanded if this is defined. */
      query: ChangeQuery | undefined
      wholeOf: WholeOf
      /** The heading above is of another day. */
      isDated: boolean
      onFold: (id: string) => void
    },
) {
  const { set, query } = props
  const isOpen = query !== undefined
  const isSelected = props.selected === set.id
  const { subject, rest } = split(set.headline, set.subject)
  const minutes = Math.round((Date.parse(set.to) - Date.parse(set.from)) / 60_000)
  const isHeavy = set.failures > 0 || isUrgent(set.risks, set.publicAccess.length > 0)
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  return (
    <>
      <button
        type="button"
        className={classes.row}
        aria-expanded={isOpen}
        {...{ [rowAttribute]: set.id }}
        data-dated={props.isDated || undefined}
        data-problem={set.failures === set.changes || undefined}
        data-weight={isHeavy ? 'high' : undefined}
        title={cut(set.headline, 600)}
        data-selected={isSelected || undefined}
        tabIndex={props.reachable === set.id ? 0 : -1}
        onFocus={() => props.onSelect(set.id)}
        onClick={() => props.onFold(set.id)}
      >
        <span className={classes.icon}>
          <Chevron size={16} aria-hidden />
        </span>
        <RowTime at={set.to} zone={props.zone} now={props.now} isDated={props.isDated} />
        <span className={classes.what}>
          <bdi className={classes.sentence}>
            <span className={classes.actor}>{cut(subject, 200)}</span>
            <Words text={cut(rest, 600)} />
          </bdi>
          <Meta
            icons={set.sources.map((source) => (
              <SourceIcon key={source} source={source} size={14} />
            ))}
            parts={[
              minutes > 0 ? `over ${minutes} min` : undefined,
              firstFew(set.regions),
              firstFew(set.accounts.map((id) => props.accounts.get(id) ?? id)),
              firstFew(set.tools),
            ]}
          />
        </span>
        <span className={classes.badges}>
          <OutcomeCount outcome="denied" count={set.denied} />
          <OutcomeCount outcome="failed" count={set.failures - set.denied} />
          <RiskBadges
            compact
            risks={set.risks}
            publicAccess={
              set.publicAccess.length > 0 ? cut(firstFew(set.publicAccess, 3)!, 300) : undefined
            }
          />
          {set.environments.map((id) => (
            <EnvironmentBadge key={id} id={id} />
          ))}
          <span className={classes.count}>{counted(set.changes, 'change')}</span>
        </span>
      </button>
      {isOpen && <Members {...props} query={query} />}
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
  const times = members.data.map(({ occurredAt }) => occurredAt)
  const days = dayHeadings(times, props.zone, Date.parse(set.to), props.now)
  return (
    <ol className={classes.list} aria-label="Changes in this set">
      {members.data.map((change, index) => (
        <li key={change.id} className={`${classes.item} ${classes.entry}`}>
          <DayHeading day={days[index]} level={3} />
          <FeedChange
            {...props}
            change={change}
            rowKey={`${set.id}/${change.id}`}
            isDated={false}
            isMember
          />
        </li>
      ))}
      {members.data.length < set.changes && (
        <li className={`${classes.item} ${classes.member}`}>
          <Text size="sm" py="xs">
            Showing the newest {number(members.data.length)} of {number(set.changes)}.{' '}
            <Link to="/" search={props.wholeOf(set)}>
              Show all
            </Link>
          </Text>
        </li>
      )}
    </ol>
  )
}
