import { Badge, Button, Group, Switch, Text } from '@mantine/core'
import { IconArrowsMaximize, IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Change, IncidentAnswer } from '../../client.ts'
import { dayHeadings } from '../../days.ts'
import { serverNow } from '../../server-time.ts'
import { formatTime, Time, useZone } from '../../time.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import { FeedChange } from '../feed/change-row.tsx'
import feedClasses from '../feed/feed.module.css'
import { DayHeading } from '../feed/row-parts.tsx'
import { arrivedLater, type Moment, moveWindow, toTimeline } from './arrange.ts'
import classes from './incident.module.css'
import type { WindowSearch } from './search.ts'
import { SetLink } from './suspects.tsx'

/** Everything that changed in a window that can be moved, with the moments of the incident. */
export function Timeline(props: {
  window: IncidentAnswer['timeline']
  changes: readonly Change[]
  moments: readonly Moment[]
  /** IDs of changes that stand for their sets: the suspects. */
  named: ReadonlySet<string>
  openedAt: string
  search: WindowSearch
  onMove: (search: WindowSearch) => void
  more: { has: boolean; isLoading: boolean; load: () => void }
}) {
  const { changes, search, onMove, more } = props
  // A window that was just chosen applies before its changes are loaded.
  const isChosen = search.from !== undefined && search.to !== undefined
  const window = isChosen ? { ...props.window, from: search.from!, to: search.to! } : props.window
  const [zone] = useZone()
  const [selected, setSelected] = useState<string>()
  const connections = useQuery(connectionsQuery)
  const accounts = new Map(
    connections.data?.map(({ accountId, name }) => [accountId ?? '', name]) ?? [],
  )
  const isIn = ({ at }: Moment) => at >= window.from && at < window.to
  const entries = toTimeline(changes, props.moments.filter(isIn), props.named)
  const times = entries.map((entry) =>
    entry.kind === 'moment' ? entry.at : entry.named.occurredAt,
  )
  const now = serverNow()
  const days = dayHeadings(times, zone, now, now)
  const first = entries.find(({ kind }) => kind === 'changes')?.key
  const isMoved = search.from !== undefined || search.to !== undefined
  const move = (by: 'earlier' | 'later' | 'wider') =>
    onMove({ ...search, ...moveWindow(window, by) })
  return (
    <>
      <Group gap="xs" mb="xs">
        <Text size="sm">
          <Time at={window.from} /> – <Time at={window.to} />
        </Text>
        <Button.Group>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => move('earlier')}
            leftSection={<IconChevronLeft size={14} aria-hidden />}
          >
            Earlier
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => move('wider')}
            leftSection={<IconArrowsMaximize size={14} aria-hidden />}
          >
            Wider
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => move('later')}
            rightSection={<IconChevronRight size={14} aria-hidden />}
          >
            Later
          </Button>
        </Button.Group>
        {isMoved && (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => onMove(search.noise ? { noise: search.noise } : {})}
          >
            Reset
          </Button>
        )}
        <Switch
          size="xs"
          label="Routine changes"
          checked={search.noise === 'shown'}
          onChange={({ currentTarget: { checked } }) => {
            const { noise: _, ...rest } = search
            onMove(checked ? { ...rest, noise: 'shown' } : rest)
          }}
        />
      </Group>
      {entries.length === 0 && <Text size="sm">No changes in this time.</Text>}
      {entries.length > 0 && (
        <ol className={feedClasses.list} aria-label="Timeline">
          {entries.map((entry, index) =>
            entry.kind === 'moment' ? (
              <li key={entry.key}>
                <DayHeading day={days[index]} level={3} />
                <div className={classes.moment}>
                  <time dateTime={entry.at}>
                    {formatTime(entry.at, zone, Date.parse(entry.at))}
                  </time>
                  <span>{entry.label}</span>
                </div>
              </li>
            ) : (
              <li key={entry.key} className={feedClasses.item}>
                <DayHeading day={days[index]} level={3} />
                <FeedChange
                  change={entry.named}
                  rowKey={entry.key}
                  selected={selected}
                  reachable={selected ?? first}
                  onSelect={setSelected}
                  zone={zone}
                  now={now}
                  accounts={accounts}
                />
                {[entry.named, ...entry.others].some((one) =>
                  arrivedLater(one, props.openedAt),
                ) && (
                  <div className={classes.marks}>
                    <Badge variant="light" color="gray" tt="none" size="sm">
                      Arrived later
                    </Badge>
                  </div>
                )}
                {entry.setId !== null && (
                  <span className={classes.more}>
                    <SetLink id={entry.setId} around={entry.named.occurredAt}>
                      and {entry.others.length} more in this change set
                    </SetLink>
                  </span>
                )}
              </li>
            ),
          )}
        </ol>
      )}
      {more.has && (
        <Button variant="default" size="xs" mt="xs" loading={more.isLoading} onClick={more.load}>
          Show earlier changes
        </Button>
      )}
    </>
  )
}
