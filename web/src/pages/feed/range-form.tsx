import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { entryOf, TimeField } from '../../components/time-field.tsx'
import { formatTime, useZone, type Zone } from '../../time.tsx'
import { rangeLabels } from './labels.ts'
import {
  defaultSpan,
  type FeedRange,
  type FeedSearch,
  type SpanKey,
  spans,
  writeTime,
} from './search.ts'

type Range = Pick<FeedSearch, 'from' | 'to' | 'before' | 'span'>

/** The form for the time before an incident. */
export function BeforeForm(props: {
  search: FeedSearch
  window: FeedRange
  onChoose: (range: Range) => void
}) {
  const [zone] = useZone()
  const given = props.search.before ? new Date(props.search.before) : props.window.to
  const [entry, setEntry] = useState(entryOf(given))
  const [span, setSpan] = useState<SpanKey>(props.search.span ?? defaultSpan)
  const at = entry.time
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (at) props.onChoose({ before: writeTime(at), span })
      }}
    >
      <Stack gap="sm">
        <TimeField
          label="Incident time"
          description="20:45, an ISO timestamp, or a Unix time."
          entry={entry}
          onChange={setEntry}
        />
        <div>
          <Text size="sm" fw={500} id="how-long-before">
            Time range before the incident
          </Text>
          <SegmentedControl
            fullWidth
            size="xs"
            mt={4}
            value={span}
            onChange={(value) => setSpan(value as SpanKey)}
            data={Object.keys(spans).map((value) => ({
              value,
              label: rangeLabels[value as SpanKey],
            }))}
            aria-labelledby="how-long-before"
          />
        </div>
        <Apply
          isReady={at !== null}
          label={at ? `Show changes before ${formatTime(at, zone)}` : 'Show'}
        />
      </Stack>
    </form>
  )
}

/** The form for a custom time range. */
export function CustomForm(props: { window: FeedRange; onChoose: (range: Range) => void }) {
  const [zone] = useZone()
  const [from, setFrom] = useState(entryOf(props.window.from))
  const [to, setTo] = useState(entryOf(props.window.to))
  const start = from.time
  const end = to.time
  const isBackwards = start !== null && end !== null && start >= end
  const isReady = start !== null && !isBackwards && (end !== null || to.text.trim() === '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!isReady || !start) return
        props.onChoose({ from: writeTime(start), ...(end && { to: writeTime(end) }) })
      }}
    >
      <Stack gap="sm">
        <TimeField
          label="From"
          description="20:45, an ISO timestamp, or a Unix time."
          entry={from}
          onChange={setFrom}
        />
        <TimeField
          label="To"
          description="Leave empty to include changes until now."
          optional
          entry={to}
          onChange={setTo}
          error={isBackwards ? 'The end must be after the start.' : undefined}
        />
        <Apply isReady={isReady} label={labelOf(start, end, zone)} />
      </Stack>
    </form>
  )
}

function labelOf(start: Date | null, end: Date | null, zone: Zone): string {
  if (!start) return 'Show'
  return `Show ${formatTime(start, zone)} – ${end ? formatTime(end, zone) : 'now'}`
}

function Apply({ isReady, label }: { isReady: boolean; label: string }) {
  return (
    <Group justify="flex-end">
      <Button type="submit" size="xs" disabled={!isReady}>
        {label}
      </Button>
    </Group>
  )
}
