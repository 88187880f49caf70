import { Anchor, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { IncidentResponse } from '../../client.ts'
import { Time } from '../../time.tsx'
import { ChangeHead } from './change-head.tsx'
import classes from './incident.module.css'
import type { RowContext } from './suspects.tsx'
import { VerdictButtons } from './verdict-buttons.tsx'

const MOST = 5

/** What was done after the alert, and what it reverses. */
export function Responses(props: { responses: readonly IncidentResponse[]; context: RowContext }) {
  const { responses, context } = props
  const hidden = responses.length - MOST
  return (
    <>
      <ol className={classes.suspects} aria-label="After the alert">
        {responses.slice(0, MOST).map((response) => (
          <li key={response.changeId} className={classes.suspect}>
            <span />
            <div>
              <ChangeHead change={response} noticedAt={context.noticedAt} />
              <Group gap={6} className={classes.meta}>
                <Time at={response.occurredAt} />
                <bdi>{response.reason}</bdi>
                {response.reverses !== null && (
                  <Anchor
                    size="sm"
                    renderRoot={(root) => (
                      <Link {...root} to="/changes/$id" params={{ id: response.reverses! }} />
                    )}
                  >
                    The change that it reverses
                  </Anchor>
                )}
              </Group>
              {context.incidentId !== undefined && (
                <div style={{ marginTop: 8 }}>
                  <VerdictButtons
                    incidentId={context.incidentId}
                    changeId={response.changeId}
                    summary={response.summary}
                    kinds={['fixed', 'suspect']}
                    verdicts={context.verdicts}
                  />
                </div>
              )}
            </div>
          </li>
        ))}
      </ol>
      {hidden > 0 && <Text size="sm">{hidden} more in the timeline.</Text>}
    </>
  )
}
