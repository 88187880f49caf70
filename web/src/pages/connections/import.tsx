import {
  Alert,
  Anchor,
  Button,
  Group,
  Paper,
  Progress,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memo, useCallback, useMemo } from 'react'
import {
  type Connection,
  type Coverage,
  importNow,
  listChanges,
  updateRegion,
} from '../../client.ts'
import { FormError } from '../../components/form-error.tsx'
import { visible } from '../../components/json.ts'
import { counted } from '../../format.ts'
import { barLabel, lookback, type Segment, segmentsOf } from '../../health/bar.ts'
import { importProgress } from '../../health/connection.ts'
import { regionHealth } from '../../health/region.ts'
import type { Region } from '../../health/status.ts'
import { duration, type When } from '../../health/time.ts'
import { useNewChanges } from '../../live.ts'
import { formatTime, Time, useNow, useZone } from '../../time.tsx'
import { ToneIcon, useTimeZone } from './status.tsx'

/** Why nothing can be imported at once. */
const obstacles: Partial<Record<Connection['status'], string>> = {
  paused: 'Resume the connection first.',
  action_needed: 'Fix the failed verification first.',
  deleting: 'The connection is being deleted.',
}

/** How far the look-back is imported, and the first of what came of it. */
export function ImportSection(props: { connection: Connection; coverage: Coverage | undefined }) {
  const { connection, coverage } = props
  const client = useQueryClient()
  // A bar over days does not move by the second.
  const now = Math.floor(useNow() / 10_000) * 10_000
  const timeZone = useTimeZone()
  const importing = useMutation({
    mutationFn: () => importNow(connection.id),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['changes', 'newest', connection.id] })
      return client.invalidateQueries({ queryKey: ['connections', connection.id] })
    },
  })
  const progress = importProgress(coverage)
  const [active, others] = useMemo(() => {
    const regions = coverage?.regions ?? []
    return [
      regions.filter(({ counts }) => counts),
      regions.filter(({ counts }) => !counts),
    ] as const
  }, [coverage])
  const obstacle = obstacles[connection.status]
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="imported">
      <Stack gap="md">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h4" id="imported">
            Imported
          </Title>
          <Group gap="sm">
            {obstacle && (
              <Text size="sm" c="dimmed" id="import-obstacle">
                {obstacle}
              </Text>
            )}
            <Button
              variant="default"
              size="xs"
              loading={importing.isPending}
              disabled={obstacle !== undefined}
              aria-describedby={obstacle && 'import-obstacle'}
              onClick={() => importing.mutate()}
            >
              Import now
            </Button>
          </Group>
        </Group>
        {importing.isSuccess && (
          <Alert
            color="teal"
            variant="light"
            role="status"
            withCloseButton
            onClose={importing.reset}
          >
            Imported {counted(importing.data.imported, 'new change')} from{' '}
            {counted(importing.data.regions, 'region')} with{' '}
            {counted(importing.data.requests, 'request')}.
          </Alert>
        )}
        <FormError error={importing.error} />
        {progress && progress.percent < 100 && (
          <Stack gap={4}>
            <Progress.Root size="lg" aria-label="Import progress">
              <Progress.Section
                value={progress.percent}
                aria-label="Import progress"
                animated={connection.status === 'importing'}
                striped={connection.status === 'importing'}
              />
            </Progress.Root>
            <Text size="sm">
              {progress.percent}% of {counted(connection.lookbackDays, 'day')}
              {progress.etaSeconds ? `, about ${duration(progress.etaSeconds)} left` : ''}
            </Text>
          </Stack>
        )}
        <FirstRows connection={connection} />
        {active.length > 0 && <RegionTable {...{ connection, regions: active, now, timeZone }} />}
        {others.length > 0 && (
          <OtherRegions connection={connection} regions={others} when={{ now, timeZone }} />
        )}
      </Stack>
    </Paper>
  )
}

function FirstRows({ connection }: { connection: Connection }) {
  const { id, status } = connection
  const changes = useQuery({
    queryKey: ['changes', 'newest', id],
    queryFn: () => listChanges({ connection: id, limit: 5 }),
    refetchInterval: status === 'importing' ? 2_000 : 15_000,
  })
  const { refetch } = changes
  useNewChanges(
    useCallback(
      ({ connectionId }) => {
        if (connectionId === id) void refetch()
      },
      [id, refetch],
    ),
  )
  const [zone] = useZone()
  if (!changes.data) return null
  const { items } = changes.data
  // Times with a date are wider; the sentences begin at one line all the same.
  const isWide = items.some(({ occurredAt }) => formatTime(occurredAt, zone).length > 8)
  if (items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No changes yet. They appear here after the first import.
      </Text>
    )
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        Newest changes
      </Text>
      {items.map((change) => (
        <Group key={change.id} gap="0 12px" align="baseline">
          <Text size="sm" c="dimmed" miw={isWide ? 124 : 64}>
            <Time at={change.occurredAt} />
          </Text>
          <Anchor
            size="sm"
            flex="1 1 260px"
            truncate
            miw={0}
            className="from-aws"
            renderRoot={(root) => <Link {...root} to="/changes/$id" params={{ id: change.id }} />}
          >
            {visible(change.summary)}
          </Anchor>
        </Group>
      ))}
      <Anchor
        size="sm"
        renderRoot={(root) => <Link {...root} to="/" search={{ connection: [id] }} />}
      >
        View all changes of this account
      </Anchor>
    </Stack>
  )
}

interface RegionProps {
  connection: Connection
  when: When
}

const RegionTable = memo(function RegionTable(props: {
  connection: Connection
  regions: Region[]
  now: number
  timeZone: string | undefined
}) {
  const { regions, connection, now, timeZone } = props
  const when = { now, timeZone }
  const { from } = lookback(connection, when)
  const [all, { toggle }] = useDisclosure()
  const sorted = byUrgencyOfRegion(regions, connection, when)
  const isQuiet = (region: Region) =>
    region.events === 0 &&
    region.lost.length + region.setAside.length === 0 &&
    regionHealth(region, connection, when).tone === 'good'
  const quiet = sorted.filter(isQuiet)
  const folds = quiet.length > 3
  const shown = folds && !all ? sorted.filter((region) => !isQuiet(region)) : sorted
  return (
    <Stack gap="xs">
      <Table verticalSpacing={6} aria-label="Regions" layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={{ base: 136, sm: 150 }}>Region</Table.Th>
            <Table.Th>
              From <Time at={new Date(from).toISOString()} /> to now
            </Table.Th>
            <Table.Th w={90} ta="right" visibleFrom="md">
              Events
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((region) => (
            <RegionRow key={region.region} {...{ region, connection, when }} />
          ))}
        </Table.Tbody>
      </Table>
      {folds && (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={toggle}
          aria-expanded={all}
          style={{ alignSelf: 'flex-start' }}
        >
          {all
            ? 'Show only regions with events'
            : `Show ${counted(quiet.length, 'more region')} without events`}
        </Button>
      )}
      <Legend regions={regions} />
    </Stack>
  )
})

/** Those that lag or lack something first; the rest by name, . */
function byUrgencyOfRegion(regions: Region[], connection: Connection, when: When): Region[] {
  const tones = new Map(regions.map((region) => [region, regionHealth(region, connection, when)]))
  const rank = (region: Region) => {
    if (tones.get(region)!.tone === 'late') return 0
    if (region.lost.length + region.setAside.length > 0) return 1
    return tones.get(region)!.tone === 'busy' ? 2 : 3
  }
  return regions.toSorted((a, b) => rank(a) - rank(b))
}

function RegionRow({ region, connection, when }: RegionProps & { region: Region }) {
  const { tone, sentence } = regionHealth(region, connection, when)
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500} fz="sm">
        {region.region}
      </Table.Th>
      <Table.Td>
        <Group gap="4px 16px" align="center">
          <Bar segments={segmentsOf(region, connection, when)} label={barLabel(region)} />
          <Group gap={6} wrap="nowrap" align="flex-start" flex="1 1 230px" maw={{ md: 300 }}>
            <span style={{ marginTop: 2, lineHeight: 0 }}>
              <ToneIcon tone={tone} size={14} />
            </span>
            <Text size="xs" className="from-aws">
              {visible(sentence)}
            </Text>
            {region.state !== 'active' && region.lastError !== null && (
              <ExclusionButton {...{ connection, region }} />
            )}
          </Group>
        </Group>
      </Table.Td>
      <Table.Td ta="right" fz="sm" visibleFrom="md">
        {region.events.toLocaleString('en-GB')}
      </Table.Td>
    </Table.Tr>
  )
}

/** Apart by shade and by pattern, so that they are apart without colour too. */
const looks: Record<Segment['kind'], { title: string; background: string }> = {
  settled: { title: 'Imported', background: 'var(--mantine-color-teal-6)' },
  settling: {
    title: 'Re-checked for late events',
    background:
      'repeating-linear-gradient(90deg, var(--mantine-color-teal-3) 0 2px, var(--mantine-color-teal-6) 2px 4px)',
  },
  gap: {
    title: 'Pending',
    background: 'light-dark(var(--mantine-color-gray-4), var(--mantine-color-dark-3))',
  },
  lost: {
    title: 'Lost: past CloudTrail retention',
    background:
      'repeating-linear-gradient(45deg, var(--mantine-color-red-8) 0 3px, var(--mantine-color-red-4) 3px 6px)',
  },
  set_aside: {
    title: 'Skipped',
    background:
      'repeating-linear-gradient(135deg, var(--mantine-color-orange-8) 0 2px, var(--mantine-color-orange-3) 2px 4px)',
  },
}

function Bar({ segments, label }: { segments: Segment[]; label: string }) {
  return (
    <div
      role="img"
      aria-label={label}
      title={label}
      style={{
        position: 'relative',
        flex: '3 1 180px',
        height: 10,
        overflow: 'hidden',
        borderRadius: 'var(--mantine-radius-sm)',
        background: looks.gap.background,
      }}
    >
      {segments.map(({ kind, from, to }) => (
        <div
          key={`${kind} ${from}`}
          style={{
            position: 'absolute',
            top: 0,
            bottom: 0,
            left: `${from * 100}%`,
            width: `${(to - from) * 100}%`,
            // A lost second is to be seen in 90 days.
            minWidth: kind === 'lost' || kind === 'set_aside' ? 3 : 0,
            background: looks[kind].background,
          }}
        />
      ))}
    </div>
  )
}

/** Only what there is to be seen. */
function Legend({ regions }: { regions: Region[] }) {
  const kinds: Segment['kind'][] = ['settled', 'settling']
  if (regions.some(({ backfill }) => backfill.percent < 100)) kinds.push('gap')
  if (regions.some(({ lost }) => lost.length > 0)) kinds.push('lost')
  if (regions.some(({ setAside }) => setAside.length > 0)) kinds.push('set_aside')
  return (
    <Group gap="md" aria-label="Legend" role="group">
      {kinds.map((kind) => (
        <Group key={kind} gap={6} wrap="nowrap">
          <span
            aria-hidden
            style={{
              width: 16,
              height: 10,
              flexShrink: 0,
              borderRadius: 2,
              background: looks[kind].background,
            }}
          />
          <Text size="xs">{looks[kind].title}</Text>
        </Group>
      ))}
    </Group>
  )
}

function OtherRegions({ connection, regions, when }: RegionProps & { regions: Region[] }) {
  const named = (state: Region['state']) =>
    regions.filter((region) => region.state === state).map(({ region }) => region)
  const denied = named('denied')
  const off = named('not_enabled')
  const excluded = regions.filter(({ state }) => state === 'excluded')
  return (
    <Stack gap={4}>
      {excluded.map((region) => (
        <Group key={region.region} gap="xs">
          <Text size="sm">
            <b>{region.region}:</b> {regionHealth(region, connection, when).sentence}
          </Text>
          {region.excludedBy === 'owner' && <ExclusionButton {...{ connection, region }} />}
        </Group>
      ))}
      {denied.length > 0 && (
        <Text size="sm">
          <b>Access denied ({denied.length}):</b> {denied.join(', ')}. Checked daily.
        </Text>
      )}
      {off.length > 0 && (
        <Text size="sm" c="dimmed">
          Not enabled in this account ({off.length}): {off.join(', ')}. Checked daily.
        </Text>
      )}
    </Stack>
  )
}

/** Excludes a region that cannot be read, or includes it again. */
function ExclusionButton({ connection, region }: { connection: Connection; region: Region }) {
  const client = useQueryClient()
  const excluded = region.state !== 'excluded'
  const update = useMutation({
    mutationFn: () => updateRegion(connection.id, region.region, { excluded }),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections', connection.id] }),
  })
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        loading={update.isPending}
        onClick={() => update.mutate()}
        aria-label={`${excluded ? 'Exclude' : 'Include'} ${region.region}`}
      >
        {excluded ? 'Exclude region' : 'Include region'}
      </Button>
      <FormError error={update.error} />
    </>
  )
}
