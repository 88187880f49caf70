import {
  Alert,
  Anchor,
  Badge,
  Button,
  CopyButton,
  Group,
  Skeleton,
  Stack,
  Text,
  Title,
} from '@mantine/core'
import {
  IconArrowLeft,
  IconCheck,
  IconExternalLink,
  IconLink,
  IconQuestionMark,
  IconWorld,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { toApiError } from '../../api.ts'
import { type Change, getChange, listChanges } from '../../client.ts'
import { Copy } from '../../components/copy.tsx'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeIcon, outcomeLabel } from '../../components/outcome.tsx'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { type SourceView, sourceView } from '../../sources/index.ts'
import { formatAgo, formatSpan, useNow, useZone, type Zone } from '../../time.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import { cut } from '../feed/entries.ts'
import feedClasses from '../feed/feed.module.css'
import { lastFeed } from '../feed/last-feed.ts'
import { ChangeRow } from '../feed/rows.tsx'
import { toQuery, windowOf } from '../feed/search.ts'
import classes from './change.module.css'
import { chainOf, type Neighbours, nearest, neighboursOf, safeLinks } from './change.ts'
import { Fact, LongText, Section } from './parts.tsx'

const route = getRouteApi('/app/changes/$id')

/** One change: who did what, where, and what else happened around it. */
export function ChangePage() {
  const { id } = route.useParams()
  const change = useQuery({
    queryKey: ['changes', 'one', id],
    queryFn: () => getChange(id),
    staleTime: 60_000,
  })
  return (
    <Stack gap="md" maw={1180}>
      <title>{`${change.data ? cut(change.data.summary, 120) : 'Change'} · Cairn`}</title>
      <Group>
        <Button
          component={Link}
          to="/"
          search={lastFeed.search as never}
          variant="subtle"
          size="compact-sm"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
        >
          Changes
        </Button>
      </Group>
      {change.isPending && <PageSkeleton />}
      {change.isError &&
        (toApiError(change.error).status === 404 ? (
          <EmptyState title="Change not found">
            The change may have been deleted with its connection, or the link is wrong.
          </EmptyState>
        ) : (
          <ErrorState error={change.error} retry={() => change.refetch()} />
        ))}
      {change.data && <Page change={change.data} record={change.data.record} />}
    </Stack>
  )
}

function Page({ change, record }: { change: Change; record: unknown }) {
  const links = safeLinks(change.links)
  const source = sourceView(change.source)
  return (
    <>
      <Stack gap="xs">
        <Group gap="xs" wrap="nowrap" align="flex-start">
          <span className={classes.outcome}>
            <OutcomeIcon outcome={change.outcome} />
          </span>
          <Title order={1} size="h3">
            <bdi>
              <LongText text={change.summary} />
            </bdi>
          </Title>
        </Group>
        <Group gap="xs">
          {change.outcome !== 'succeeded' && (
            <Badge color="red" variant="light" tt="none">
              {outcomeLabel(change.outcome)}
            </Badge>
          )}
          {change.environments.map((one) => (
            <EnvironmentBadge key={one} id={one} />
          ))}
          {change.risks.map((risk) => (
            <Badge key={risk} color="gray" variant="light" tt="none">
              {risk}
            </Badge>
          ))}
          {change.noise !== null && (
            <Badge color="gray" variant="outline" tt="none">
              routine: {change.noise.replaceAll('-', ' ')}
            </Badge>
          )}
        </Group>
        <Group gap="xs">
          {links.map(({ label, url }) => (
            <Button
              key={url}
              component="a"
              href={url}
              target="_blank"
              rel="noreferrer"
              variant="default"
              size="xs"
              rightSection={<IconExternalLink size={14} aria-hidden />}
            >
              {label}
            </Button>
          ))}
          <CopyButton value={`${window.location.origin}/changes/${change.id}`}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                size="xs"
                onClick={copy}
                leftSection={
                  copied ? <IconCheck size={14} aria-hidden /> : <IconLink size={14} aria-hidden />
                }
              >
                {copied ? 'Copied' : 'Copy link'}
              </Button>
            )}
          </CopyButton>
        </Group>
      </Stack>
      {change.publicAccess !== undefined && (
        <Alert color="red" variant="light" icon={<IconWorld aria-hidden />} title="Public access">
          <bdi>{cut(change.publicAccess, 600)}</bdi>
        </Alert>
      )}
      {source.Banner && <source.Banner detail={change.detail} />}
      <div className={classes.columns}>
        <Stack gap="md" miw={0}>
          {source.Top && <source.Top detail={change.detail} />}
          <Facts change={change} Extra={source.Facts} />
          <source.Event detail={change.detail} record={record} />
        </Stack>
        <Stack gap="md" miw={0}>
          <Who change={change} />
          {neighboursOf(change, source.neighbours?.(change)).map((neighbours) => (
            <NeighbourList key={neighbours.title} change={change} neighbours={neighbours} />
          ))}
        </Stack>
      </div>
    </>
  )
}

/** The chain of actors, from the origin to the identity that made the call. */
function Who({ change }: { change: Change }) {
  const chain = chainOf(change.actor)
  return (
    <Section title="Actor">
      <ol className={classes.chain}>
        {chain.map((link, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a chain may have the same link twice
          <li key={index}>
            {link.kind === 'missing' ? (
              <Group gap={4} wrap="nowrap" align="flex-start">
                <IconQuestionMark size={14} aria-hidden className={classes.chainIcon} />
                <Text size="sm" fs="italic">
                  Unknown: <bdi>{cut(link.name, 300)}</bdi>
                </Text>
              </Group>
            ) : (
              <>
                <Text size="sm">
                  <span className={classes.none}>{link.how ?? kindLabel(link.kind)}</span>{' '}
                  <bdi className={classes.strong}>{cut(link.name, 300)}</bdi>
                </Text>
                {link.arn !== undefined && (
                  <Group gap={2} wrap="nowrap">
                    <bdi className={classes.arn}>{cut(link.arn, 300)}</bdi>
                    <Copy text={link.arn} label="Copy ARN" />
                  </Group>
                )}
              </>
            )}
          </li>
        ))}
      </ol>
      <Text size="sm" mt="xs">
        <span className={classes.none}>via</span> <bdi>{cut(change.tool.label, 200)}</bdi>
      </Text>
    </Section>
  )
}

const kindLabel = (kind: string) => (kind === 'ci' ? 'CI job' : kind.replaceAll('-', ' '))

function Facts({ change, Extra }: { change: Change; Extra: SourceView['Facts'] }) {
  const connections = useQuery(connectionsQuery)
  const connection = connections.data?.find(({ id }) => id === change.connectionId)
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
          <bdi>{cut(`${change.service}: ${change.action}`, 300)}</bdi>
        </Fact>
        {change.accountId !== null && (
          <Fact name="Account">
            <bdi>{change.accountId}</bdi>
            <Copy text={change.accountId} label="Copy account ID" />
          </Fact>
        )}
        {change.region !== null && (
          <Fact name="Region">
            <bdi>{change.region}</bdi>
          </Fact>
        )}
        {change.connectionId !== null && (
          <Fact name="Connection">
            <Anchor
              component={Link}
              to="/integrations/aws/$id"
              params={{ id: change.connectionId } as never}
              inherit
            >
              <bdi>{connection?.name ?? change.connectionId}</bdi>
            </Anchor>
          </Fact>
        )}
        {change.resources.length > 0 && (
          <Fact name={change.resources.length === 1 ? 'Resource' : 'Resources'}>
            <Resources resources={change.resources} />
          </Fact>
        )}
        {Extra && <Extra detail={change.detail} />}
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

function Resources({ resources }: { resources: Change['resources'] }) {
  const [isLong, setIsLong] = useState(false)
  const shown = isLong ? resources : resources.slice(0, fewResources)
  return (
    <>
      {shown.map(({ type, id, arn }) => (
        <div key={`${type} ${id}`} className={classes.resource}>
          <div>
            <bdi>{cut(id, 300)}</bdi>
            <Copy
              text={typeof arn === 'string' ? arn : id}
              label={typeof arn === 'string' ? 'Copy ARN' : 'Copy ID'}
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

const few = 6

/** The nearest related changes, and a link to all of them. */
function NeighbourList({ change, neighbours }: { change: Change; neighbours: Neighbours }) {
  const { search, title } = neighbours
  const [zone] = useZone()
  const found = useQuery({
    queryKey: ['changes', 'neighbours', change.id, title],
    queryFn: async () => {
      const { from, to } = windowOf(search, 0)
      const query = toQuery(search, { from, to, endsNow: false })
      // A change at the same time can be on either side.
      const until = new Date(Date.parse(change.occurredAt) + 1).toISOString()
      const [before, after] = await Promise.all([
        listChanges({
          ...query,
          ...{ $from: from.toISOString(), to: until, limit: few + 1 },
        }),
        listChanges({
          ...query,
          ...{ $from: change.occurredAt, to: to.toISOString(), order: 'asc', limit: few + 1 },
        }),
      ])
      return nearest([...before.items, ...after.items], change, few)
    },
    staleTime: 60_000,
  })
  const connections = useQuery(connectionsQuery)
  const accounts = new Map(
    connections.data?.map(({ accountId, name }) => [accountId ?? '', name]) ?? [],
  )
  const shown = found.data ?? []
  // A set with one change, or a request with one record, has no others.
  if (found.data?.length === 0 && (search.changeSet || search.request)) return null
  return (
    <Section title={<bdi>{cut(title, 160)}</bdi>}>
      {found.isPending && <Skeleton height={80} />}
      {found.isError && <ErrorState error={found.error} retry={() => found.refetch()} />}
      {found.data && shown.length === 0 && <Text size="sm">No other changes.</Text>}
      {shown.length > 0 && (
        <ol className={`${feedClasses.list} ${feedClasses.narrow}`}>
          {shown.map((one) => (
            <li key={one.id} className={feedClasses.item}>
              <ChangeRow
                change={one}
                rowKey={one.id}
                selected={undefined}
                reachable={one.id}
                onSelect={() => {}}
                zone={zone}
                now={Date.parse(change.occurredAt)}
                accounts={accounts}
              />
            </li>
          ))}
        </ol>
      )}
      {shown.length > 0 && (
        <Anchor component={Link} to="/" search={search as never} size="sm" mt="xs" display="block">
          View in feed
        </Anchor>
      )}
    </Section>
  )
}

function PageSkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      <Skeleton height={28} width="70%" />
      <Skeleton height={30} width="40%" />
      <Skeleton height={220} />
      <Skeleton height={320} />
    </Stack>
  )
}
