import { Anchor, Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Change } from '../../client.ts'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { useNow } from '../../server-time.ts'
import type { SourceView } from '../../sources/index.ts'
import { formatAgo, formatSpan, useZone, type Zone } from '../../time.tsx'
import { connectionPage } from '../connections/links.ts'
import { connectionsQuery } from '../connections/queries.ts'
import { cut } from '../feed/entries.ts'
import classes from './change.module.css'
import { Identifier } from './identifier.tsx'
import { Fact, Section } from './parts.tsx'

/** When, where, and what a change was about. */
export function Details({ change, Extra }: { change: Change; Extra: SourceView['Facts'] }) {
  const connections = useQuery(connectionsQuery)
  const connection = connections.data?.find(({ id }) => id === change.connectionId)
  const environments = (useEnvironments().data ?? []).filter(({ id }) =>
    change.environments.includes(id),
  )
  const [zone] = useZone()
  const importedAfter =
    Math.abs(Date.parse(change.importedAt) - Date.parse(change.occurredAt)) / 1000
  const zones: Zone[] = zone === 'utc' ? ['utc', 'local'] : ['local', 'utc']
  return (
    <Section title="Details">
      <dl className={classes.facts}>
        <Fact name="Time">
          {zones.map((each) => (
            <div key={each}>{whole(change.occurredAt, each)}</div>
          ))}
          <Text size="xs">
            <AgoText at={change.occurredAt} />, imported {formatSpan(importedAfter)} later
          </Text>
        </Fact>
        <Fact name="Action">
          <Identifier
            change={change}
            value={change.action}
            label={`${change.service}: ${change.action}`}
            what="action"
            filter={{ service: [change.service], action: [change.action] }}
          />
        </Fact>
        {change.accountId !== null && (
          <Fact name="Account">
            <Identifier
              change={change}
              value={change.accountId}
              what="account ID"
              filter={{ account: [change.accountId] }}
            />
          </Fact>
        )}
        {change.region !== null && (
          <Fact name="Region">
            <Identifier
              change={change}
              value={change.region}
              what="region"
              filter={{ region: [change.region] }}
            />
          </Fact>
        )}
        {environments.length > 0 && (
          <Fact name={environments.length === 1 ? 'Environment' : 'Environments'}>
            {environments.map(({ id, name }) => (
              <div key={id}>
                <Identifier
                  change={change}
                  value={name}
                  what="environment"
                  filter={{ environment: [id] }}
                />
              </div>
            ))}
          </Fact>
        )}
        {change.connectionId !== null && (
          <Fact name="Connection">
            <Anchor component={Link} {...connectionPage(change.connectionId)} inherit>
              <bdi>{connection?.name ?? change.connectionId}</bdi>
            </Anchor>
          </Fact>
        )}
        {change.resources.length > 0 && (
          <Fact name={change.resources.length === 1 ? 'Resource' : 'Resources'}>
            <Resources change={change} />
          </Fact>
        )}
        {Extra && <Extra detail={change.detail} change={change} />}
      </dl>
    </Section>
  )
}

function AgoText({ at }: { at: string }) {
  return formatAgo(at, useNow())
}

function whole(time: string, zone: Zone): string {
  const text = new Date(time).toLocaleString('en-GB', {
    timeZone: zone === 'utc' ? 'UTC' : undefined,
    dateStyle: 'medium',
    timeStyle: 'medium',
  })
  return `${text} ${zone === 'utc' ? 'UTC' : 'local time'}`
}

const fewResources = 5

function Resources({ change }: { change: Change }) {
  const { resources } = change
  const [isLong, setIsLong] = useState(false)
  const shown = isLong ? resources : resources.slice(0, fewResources)
  return (
    <>
      {shown.map(({ type, id, arn, key }) => (
        <div key={`${type} ${id}`} className={classes.resource}>
          <div>
            <Identifier
              change={change}
              value={id}
              copied={typeof arn === 'string' ? arn : id}
              what={typeof arn === 'string' ? 'ARN' : 'ID'}
              filter={{ resource: [key] }}
            />
          </div>
          <Text size="xs" className={classes.none}>
            <bdi>{cut(type, 200)}</bdi>
          </Text>
        </div>
      ))}
      {resources.length > fewResources && (
        <Button variant="subtle" size="compact-xs" onClick={() => setIsLong(!isLong)}>
          {isLong ? 'Show less' : `${resources.length - fewResources} more`}
        </Button>
      )}
    </>
  )
}
