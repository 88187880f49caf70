import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { useState } from 'react'
import { useZone } from '../../time.tsx'
import { rangeLabels } from './labels.ts'
import { defaultSpan, type FeedSearch, type Span, spans, type Window, writeTime } from './search.ts'
import { chosenTime, toWallClock } from './wall-clock.ts'

type Range = Pick<FeedSearch, 'from' | 'to' | 'before' | 'span'>

/** The form for the time before an incident. */
export function BeforeForm(props: {
  search: FeedSearch
  window: Window
  onChoose: (range: Range) => void
}) {
  const [zone] = useZone()
  const given = props.search.before ? new Date(props.search.before) : props.window.to
  const [time, setTime] = useState<string | null>(toWallClock(given, zone))
  const [span, setSpan] = useState<Span>(props.search.span ?? defaultSpan)
  const at = chosenTime(time, given, zone)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (at) props.onChoose({ before: writeTime(at), span })
      }}
    >
      <Stack gap="sm">
        <Picker label="Incident time" value={time} onChange={setTime} />
        <div>
          <Text size="sm" fw={500} id="how-long-before">
            Time range before the incident
          </Text>
          <SegmentedControl
            fullWidth
            size="xs"
            mt={4}
            value={span}
            onChange={(value) => setSpan(value as Span)}
            data={Object.keys(spans).map((value) => ({
              value,
              label: rangeLabels[value as Span],
            }))}
            aria-labelledby="how-long-before"
          />
        </div>
        <Apply isReady={at !== null} />
      </Stack>
    </form>
  )
}

/** The form for a custom time range. */
export function CustomForm(props: { window: Window; onChoose: (range: Range) => void }) {
  const [zone] = useZone()
  const [from, setFrom] = useState<string | null>(toWallClock(props.window.from, zone))
  const [to, setTo] = useState<string | null>(toWallClock(props.window.to, zone))
  const start = chosenTime(from, props.window.from, zone)
  const end = chosenTime(to, props.window.to, zone)
  const isBackwards = start !== null && end !== null && start >= end
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!start || isBackwards) return
        props.onChoose({ from: writeTime(start), ...(end && { to: writeTime(end) }) })
      }}
    >
      <Stack gap="sm">
        <Picker label="From" value={from} onChange={setFrom} />
        <Picker
          label="To"
          description="Leave empty to include changes until now."
          clearable
          value={to}
          onChange={setTo}
          error={isBackwards ? 'The end must be after the start.' : undefined}
        />
        <Apply isReady={start !== null && !isBackwards} />
      </Stack>
    </form>
  )
}

function Picker(props: {
  label: string
  description?: string
  clearable?: boolean
  value: string | null
  onChange: (value: string | null) => void
  error?: string
}) {
  const [zone] = useZone()
  return (
    <DateTimePicker
      {...props}
      label={`${props.label} (${zone === 'utc' ? 'UTC' : 'local time'})`}
      withSeconds
      valueFormat="D MMM YYYY, HH:mm:ss"
      popoverProps={{ withinPortal: false }}
      timePickerProps={{ hoursInputLabel: 'Hours', minutesInputLabel: 'Minutes' }}
    />
  )
}

function Apply({ isReady }: { isReady: boolean }) {
  return (
    <Group justify="flex-end">
      <Button type="submit" size="xs" disabled={!isReady}>
        Show
      </Button>
    </Group>
  )
}
