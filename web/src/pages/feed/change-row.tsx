import { Badge } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Change } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeBadge, OutcomeIcon } from '../../components/outcome.tsx'
import { RiskBadges } from '../../components/risk.tsx'
import type { Zone } from '../../time.tsx'
import { cut, split } from './entries.ts'
import classes from './feed.module.css'
import { rowAttribute } from './row-elements.ts'
import { Meta, RowTime } from './row-parts.tsx'
import type { Looks, Roving } from './row-types.ts'

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
      data-problem={change.outcome !== 'succeeded' || undefined}
      data-selected={isSelected || undefined}
      tabIndex={props.reachable === rowKey ? 0 : -1}
      onFocus={() => props.onSelect(rowKey)}
      onClick={props.onLeave}
    >
      <span className={classes.icon}>
        {change.outcome !== 'succeeded' && <OutcomeIcon outcome={change.outcome} />}
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
        {change.readOnly && (
          <Badge color="gray" variant="outline" tt="none" size="sm">
            Read-only
          </Badge>
        )}
        {change.outcome !== 'succeeded' && <OutcomeBadge outcome={change.outcome} />}
        <RiskBadges
          risks={change.risks}
          publicAccess={change.publicAccess && cut(change.publicAccess, 300)}
        />
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
