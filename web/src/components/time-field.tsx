import { ActionIcon, Collapse, Stack, TextInput } from '@mantine/core'
import { DatePicker } from '@mantine/dates'
import { useDisclosure } from '@mantine/hooks'
import { IconCalendar } from '@tabler/icons-react'
import { toWallClock } from '../pages/feed/wall-clock.ts'
import { serverNow } from '../server-time.ts'
import { useZone } from '../time.tsx'
import { formatChosen, parseTime } from '../time-entry.ts'
import classes from './time-field.module.css'

/** What is typed, and the time that it means. */
export interface TimeEntry {
  text: string
  /** Null: the text is no time. */
  time: Date | null
}

/** An entry for a given time. Null: empty. */
export function entryOf(time: Date | null): TimeEntry {
  return { text: '', time }
}

/**
 * A time that can be typed, pasted or chosen from a calendar. The calendar opens below the field and
 * moves what follows down, so that it never covers a button.
 */
export function TimeField(props: {
  label: string
  entry: TimeEntry
  onChange: (entry: TimeEntry) => void
  description?: string
  /** Empty is allowed, and means no time. */
  optional?: boolean
  error?: string | undefined
  autoFocus?: boolean
}) {
  const { label, entry, onChange, optional = false } = props
  const [zone] = useZone()
  const [isOpen, { toggle, close }] = useDisclosure()
  const shown = entry.text === '' && entry.time ? formatChosen(entry.time, zone) : entry.text
  const isUnreadable = entry.text.trim() !== '' && entry.time === null
  const type = (text: string) =>
    onChange({ text, time: parseTime(text, { now: serverNow(), zone }) })
  const chooseDay = (day: string | null) => {
    if (day === null) return
    const clock = toWallClock(entry.time ?? new Date(serverNow()), zone).slice(11)
    onChange(entryOf(parseTime(`${day} ${clock}`, { now: serverNow(), zone })))
    close()
  }
  const chosen = entry.text !== '' && entry.time ? formatChosen(entry.time, zone) : undefined
  return (
    <Stack gap={4}>
      <TextInput
        label={label}
        description={props.description}
        placeholder={optional ? 'Unknown' : '20:45'}
        value={shown}
        onChange={(event) => type(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        autoComplete="off"
        spellCheck={false}
        // In a dialog whose content is loaded later, only the first of the two has an effect.
        autoFocus={props.autoFocus}
        data-autofocus={props.autoFocus || undefined}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        error={
          isUnreadable
            ? 'Not a time. Try 20:45, 2026-03-02 20:45, an ISO timestamp or a Unix time.'
            : props.error
        }
        rightSection={
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={toggle}
            aria-expanded={isOpen}
            aria-label={`${label}: choose a day`}
          >
            <IconCalendar size={16} aria-hidden />
          </ActionIcon>
        }
      />
      {/* Announced when the typed text means another time. */}
      <output className={classes.chosen}>{chosen}</output>
      <Collapse expanded={isOpen} keepMounted={false}>
        <DatePicker
          className={classes.calendar}
          value={entry.time ? toWallClock(entry.time, zone).slice(0, 10) : null}
          defaultDate={toWallClock(entry.time ?? new Date(serverNow()), zone).slice(0, 10)}
          onChange={chooseDay}
          hideOutsideDates
          weekendDays={[]}
          ariaLabels={{
            nextMonth: 'Next month',
            previousMonth: 'Previous month',
            nextYear: 'Next year',
            previousYear: 'Previous year',
            nextDecade: 'Next decade',
            previousDecade: 'Previous decade',
          }}
        />
      </Collapse>
    </Stack>
  )
}
