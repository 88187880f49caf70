import { Badge } from '@mantine/core'
import { IconEyeOff } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { type MouseEvent, Suspense, useState } from 'react'
import { UNKNOWN_TOOL } from '../../../../src/changes/change.ts'
import type { Change } from '../../client.ts'
import { Words } from '../../components/breakable.tsx'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { NoiseRuleDialog } from '../../components/lazy-noise-rule-dialog.ts'
import { OutcomeBadge, OutcomeIcon } from '../../components/outcome.tsx'
import { isUrgent, RiskBadges } from '../../components/risk.tsx'
import { SourceIcon } from '../../sources/icon.tsx'
import type { Zone } from '../../time.tsx'
import { cut, split } from './entries.ts'
import classes from './feed.module.css'
import { rowAttribute } from './row-elements.ts'
import { Meta, RowTime } from './row-parts.tsx'
import type { Looks, Roving } from './row-types.ts'

/** Not one that opens another tab or window. */
const isPlainClick = (event: MouseEvent) =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey

/** One change: a link to its page, which can open beside the list instead. */
export function FeedChange(
  props: Roving &
    Looks & {
      change: Change
      rowKey: string
      zone: Zone
      now: number
      /** The heading above is of another day. */
      isDated?: boolean
      isMember?: boolean
    },
) {
  const { change, rowKey } = props
  const isSelected = props.selected === rowKey
  const [isHiding, setHiding] = useState(false)
  const navigate = useNavigate()
  const { subject, rest } = split(change.summary, change.subject ?? '')
  const isHeavy =
    change.outcome !== 'succeeded' || isUrgent(change.risks, change.publicAccess !== undefined)
  const row = (
    // A router link recomputes its target each time the selection moves.
    <a
      href={`/changes/${change.id}`}
      className={`${classes.row} ${props.isMember ? classes.member : ''}`}
      {...{ [rowAttribute]: rowKey }}
      data-dated={props.isDated || undefined}
      data-problem={change.outcome !== 'succeeded' || undefined}
      data-weight={isHeavy ? 'high' : undefined}
      title={cut(change.summary, 600)}
      data-selected={isSelected || undefined}
      tabIndex={props.reachable === rowKey ? 0 : -1}
      onFocus={() => props.onSelect(rowKey, change.id)}
      onClick={(event) => {
        // In a new tab, the browser opens it, and this page stays as it is.
        if (!isPlainClick(event)) return
        event.preventDefault()
        // A click by a key has no position in a sequence of clicks.
        if (props.onOpen) return props.onOpen(rowKey, change.id, event.detail === 0)
        props.onLeave?.()
        void navigate({ to: '/changes/$id', params: { id: change.id } })
      }}
    >
      <span className={classes.icon}>
        {change.outcome === 'succeeded' ? (
          <SourceIcon source={change.source} size={14} />
        ) : (
          <OutcomeIcon outcome={change.outcome} />
        )}
      </span>
      <RowTime at={change.occurredAt} zone={props.zone} now={props.now} isDated={props.isDated} />
      <span className={classes.what}>
        <bdi className={classes.sentence}>
          <span className={classes.actor}>{cut(subject, 200)}</span>
          <Words text={cut(rest, 600)} />
        </bdi>
        <Meta
          // The place of the icon shows the outcome.
          icons={change.outcome !== 'succeeded' && <SourceIcon source={change.source} size={14} />}
          parts={[
            change.service,
            change.region,
            change.accountId && (props.accounts.get(change.accountId) ?? change.accountId),
            change.tool.name === UNKNOWN_TOOL ? undefined : change.tool.label,
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
          compact
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
    </a>
  )
  return (
    <div className={classes.withAction}>
      {row}
      <button
        type="button"
        className={classes.action}
        aria-label="Hide or show changes like this"
        title="Hide or show changes like this"
        tabIndex={props.reachable === rowKey ? 0 : -1}
        onClick={() => setHiding(true)}
      >
        <IconEyeOff size={14} aria-hidden />
      </button>
      {isHiding && (
        <Suspense>
          <NoiseRuleDialog change={change} onClose={() => setHiding(false)} />
        </Suspense>
      )}
    </div>
  )
}
