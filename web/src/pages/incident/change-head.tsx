import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Words } from '../../components/breakable.tsx'
import { cut } from '../feed/entries.ts'
import { distance } from './arrange.ts'
import classes from './incident.module.css'

/** The first line of a change beside an incident: what it did, and how far from the alert. */
export function ChangeHead(props: {
  change: { changeId: string; summary: string; occurredAt: string }
  noticedAt: string
}) {
  const { changeId, summary, occurredAt } = props.change
  return (
    <div className={classes.head}>
      <Anchor
        inherit
        className={classes.summary}
        renderRoot={(root) => <Link {...root} to="/changes/$id" params={{ id: changeId }} />}
      >
        <bdi>
          <Words text={cut(summary, 300)} />
        </bdi>
      </Anchor>
      <span className={classes.when}>{distance(occurredAt, props.noticedAt)}</span>
    </div>
  )
}
