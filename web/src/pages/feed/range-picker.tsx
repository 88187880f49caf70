import { Button, Popover, SegmentedControl, Skeleton } from '@mantine/core'
import { IconCalendar, IconHistory } from '@tabler/icons-react'
import { type ReactNode, Suspense, useState } from 'react'
import { lazyPart } from '../../lazy-part.ts'
import { formatTime, useZone } from '../../time.tsx'
import classes from './feed.module.css'
import { rangeLabels } from './labels.ts'
import { defaultPreset, type FeedRange, type FeedSearch, type Preset, presets } from './search.ts'

// Few users open calendars, so they are not part of the page's file.
const BeforeForm = lazyPart(() => import('./range-form.tsx'), 'BeforeForm')
const CustomForm = lazyPart(() => import('./range-form.tsx'), 'CustomForm')

type Range = Pick<FeedSearch, 'range' | 'from' | 'to' | 'before' | 'span'>

/** Selects the time range of the feed. */
export function RangePicker(props: {
  search: FeedSearch
  window: FeedRange
  onChoose: (range: Range) => void
}) {
  const { search } = props
  const isBefore = search.before !== undefined
  const isCustom = search.from !== undefined
  const [zone] = useZone()
  const shown = (time: string | undefined) => (time === undefined ? 'now' : formatTime(time, zone))
  return (
    <>
      <SegmentedControl
        size="xs"
        flex="none"
        aria-label="Time"
        // None of them for another time range.
        value={isBefore || isCustom ? '' : (search.range ?? defaultPreset)}
        onChange={(value) => props.onChoose({ range: value as Preset })}
        data={Object.keys(presets).map((value) => ({
          value,
          label: rangeLabels[value as Preset],
        }))}
      />
      <Choice
        label="Before an incident…"
        chosen={isBefore ? `Before ${shown(search.before)}` : undefined}
        icon={<IconHistory size={16} aria-hidden />}
        isActive={isBefore}
      >
        {(close) => (
          <BeforeForm
            {...props}
            onChoose={(range) => {
              close()
              props.onChoose(range)
            }}
          />
        )}
      </Choice>
      <Choice
        label="Custom…"
        chosen={isCustom ? `${shown(search.from)} – ${shown(search.to)}` : undefined}
        icon={<IconCalendar size={16} aria-hidden />}
        isActive={isCustom}
      >
        {(close) => (
          <CustomForm
            {...props}
            onChoose={(range) => {
              close()
              props.onChoose(range)
            }}
          />
        )}
      </Choice>
    </>
  )
}

function Choice(props: {
  label: string
  /** The chosen time, instead of the label. */
  chosen: string | undefined
  icon: ReactNode
  isActive: boolean
  children: (close: () => void) => ReactNode
}) {
  const [opened, setOpened] = useState(false)
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={380}
      trapFocus
      returnFocus
      withArrow
      shadow="md"
    >
      <Popover.Target>
        <Button
          className={`icon-on-phone ${classes.range}`}
          title={props.chosen}
          size="xs"
          variant={props.isActive ? 'light' : 'default'}
          leftSection={props.icon}
          aria-pressed={props.isActive}
          onClick={() => setOpened((was) => !was)}
        >
          {props.chosen ?? props.label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={props.label}>
        <Suspense fallback={<Skeleton height={180} />}>
          {opened && props.children(() => setOpened(false))}
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  )
}
