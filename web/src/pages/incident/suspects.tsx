import { Anchor, Badge, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Change, Suspect, Verdict } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeBadge } from '../../components/outcome.tsx'
import { RiskBadges } from '../../components/risk.tsx'
import { Time } from '../../time.tsx'
import { arrivedLater } from './arrange.ts'
import { ChangeHead } from './change-head.tsx'
import classes from './incident.module.css'
import { VerdictButtons } from './verdict-buttons.tsx'

/** What the rows need besides the change. */
export interface RowContext {
  /** Undefined without a stored incident: there are no verdicts. */
  incidentId: string | undefined
  noticedAt: string
  /** Changes that were stored after this time are marked. */
  openedAt: string
  verdicts: readonly Verdict[]
}

/** The most likely changes, with reasons. */
export function Suspects(props: {
  suspects: readonly Suspect[]
  label: string
  /** The first one is the answer, not only the closest candidate. */
  isExplained: boolean
  context: RowContext
}) {
  return (
    <ol
      className={classes.suspects}
      aria-label={props.label}
      data-explained={props.isExplained || undefined}
    >
      {props.suspects.map((suspect, index) => (
        <SuspectItem
          key={suspect.changeId}
          suspect={suspect}
          index={index}
          context={props.context}
        />
      ))}
    </ol>
  )
}

function SuspectItem(props: { suspect: Suspect; index: number; context: RowContext }) {
  const { suspect, index, context } = props
  const { change } = suspect
  const verdict = context.verdicts.find(({ changeId }) => changeId === suspect.changeId)?.verdict
  return (
    <li className={classes.suspect} data-verdict={verdict}>
      <span className={classes.place}>{index + 1}.</span>
      <div>
        <ChangeHead change={suspect} noticedAt={context.noticedAt} />
        <Group gap={6} className={classes.meta}>
          <Time at={suspect.occurredAt} />
          {change && <ChangeMarks change={change} openedAt={context.openedAt} />}
          {suspect.changesInSet > 1 && suspect.changeSetId !== null && (
            <SetLink id={suspect.changeSetId} around={suspect.occurredAt}>
              one of {suspect.changesInSet} changes in a set
            </SetLink>
          )}
        </Group>
        {suspect.reasons.length > 0 && (
          <ul className={classes.reasons}>
            {suspect.reasons.map((reason) => (
              <li key={reason}>
                <bdi>{reason}</bdi>
              </li>
            ))}
          </ul>
        )}
        {context.incidentId !== undefined && (
          <div style={{ marginTop: 8 }}>
            <VerdictButtons
              incidentId={context.incidentId}
              changeId={suspect.changeId}
              summary={suspect.summary}
              kinds={['caused', 'suspect', 'dismissed']}
              verdicts={context.verdicts}
            />
          </div>
        )}
      </div>
    </li>
  )
}

/** Where it was, what is risky about it, and whether it arrived late. */
function ChangeMarks({ change, openedAt }: { change: Change; openedAt: string }) {
  const { outcome } = change
  return (
    <>
      {change.environments.map((id) => (
        <EnvironmentBadge key={id} id={id} />
      ))}
      <RiskBadges risks={change.risks} publicAccess={change.publicAccess} />
      {outcome !== 'succeeded' && <OutcomeBadge outcome={outcome} />}
      {arrivedLater(change, openedAt) && (
        <Badge
          variant="light"
          color="gray"
          tt="none"
          size="sm"
          title="Stored after this page's incident was opened"
        >
          Arrived later
        </Badge>
      )}
      <Text span size="sm" inherit>
        <bdi>{[change.service, change.region].filter((part) => part !== null).join(' · ')}</bdi>
      </Text>
    </>
  )
}

/** A change set in the feed, in the day around one of its changes. */
export function SetLink(props: { id: string; around: string; children: React.ReactNode }) {
  const at = Date.parse(props.around)
  const day = 24 * 3_600_000
  const search = {
    changeSet: [props.id],
    noise: 'shown',
    from: new Date(at - day).toISOString(),
    to: new Date(at + day).toISOString(),
  }
  return (
    <Anchor size="sm" renderRoot={(root) => <Link {...root} to="/" search={search as never} />}>
      {props.children}
    </Anchor>
  )
}
