import { Button, Group, Skeleton, Text, VisuallyHidden } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { IconZoomOut } from '@tabler/icons-react'
import type { PointerEvent } from 'react'
import type { Histogram as Data } from '../../client.ts'
import { counted, number } from '../../format.ts'
import { formatTime, useZone, type Zone } from '../../time.tsx'
import { bucketAt, span, sum, unsettled } from './buckets.ts'
import classes from './feed.module.css'
import { axis, HistogramBars, height } from './histogram-bars.tsx'
import { useBucketSelection } from './use-bucket-selection.ts'

/** Height of the line below the chart with its margin, in pixels. */
const legend = 26

interface Zooming {
  onZoom: (from: Date, to: Date) => void
  /** Undefined if not zoomed in. */
  onZoomOut?: () => void
}

/**
 * The number of changes over time, with failed changes highlighted. Drag, or use arrow keys with
 * Shift and Enter, to zoom in.
 */
export function Histogram(props: Zooming & { data: Data | undefined; isLoading: boolean }) {
  const { data, isLoading, ...zooming } = props
  if (data && data.buckets.length > 0) return <Chart data={data} {...zooming} />
  return (
    <Skeleton
      className={classes.histogram}
      height={height + axis + legend}
      animate={isLoading}
      aria-hidden
    />
  )
}

function Chart(props: Zooming & { data: Data }) {
  const { data } = props
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [zone] = useZone()
  const count = data.buckets.length
  const bucketOf = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const from = Date.parse(data.from)
    const time = from + ((event.clientX - box.left) / box.width) * (Date.parse(data.to) - from)
    const start = Date.parse(data.buckets[0]!.from)
    return bucketAt((time - start) / (data.bucketSeconds * 1000 * count), count)
  }
  const { selected, isRange, isAnnounced, handlers } = useBucketSelection({
    count,
    bucketOf,
    onZoom(first, last) {
      const { from, to } = span(data, first, last)
      props.onZoom(from, to)
    },
  })
  const { failed } = sum(data.buckets, 0, count - 1)
  const all = inWords({ total: data.total, failed })
  const described = selected && describe(data, selected, zone)
  return (
    <div className={classes.histogram}>
      <div ref={ref}>
        <svg
          className={classes.chart}
          height={height + axis}
          viewBox={`0 0 ${Math.max(width, 1)} ${height + axis}`}
          preserveAspectRatio="none"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is a widget with its own keys
          tabIndex={0}
          role="application"
          aria-roledescription="histogram"
          aria-label={`Changes over time: ${all}. Arrow keys move, Shift and arrow keys select, Enter zooms in.`}
          {...handlers}
          onDoubleClick={props.onZoomOut}
        >
          <HistogramBars
            data={data}
            width={width}
            zone={zone}
            selected={selected}
            isRange={isRange}
          />
        </svg>
      </div>
      <Group justify="space-between" gap="xs" mih={legend - 2} wrap="nowrap" mt={2}>
        <Text size="xs" className={classes.meta} aria-hidden>
          {described ??
            `${all}${countedSince(data, zone)}. ${unsettled(data).length > 0 ? 'Shaded: data may be incomplete. ' : ''}Drag to zoom in.`}
        </Text>
        <VisuallyHidden aria-live="polite">{isAnnounced ? described : ''}</VisuallyHidden>
        {props.onZoomOut && (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconZoomOut size={14} aria-hidden />}
            onClick={props.onZoomOut}
          >
            Zoom out
          </Button>
        )}
      </Group>
    </div>
  )
}

/** What the selected buckets contain. */
function describe(data: Data, [first, last]: readonly [number, number], zone: Zone): string {
  const { from, to } = span(data, first, last)
  return `${formatTime(from, zone)} to ${formatTime(to, zone)}: ${inWords(sum(data.buckets, first, last))}`
}

/** Why the counts are not of the whole time range. */
function countedSince({ partial, countedFrom }: Data, zone: Zone): string {
  if (!partial) return ''
  return ` since ${formatTime(countedFrom, zone)}; the time range is too long to count in full`
}

function inWords({ total, failed }: { total: number; failed: number }): string {
  return `${counted(total, 'change')}${failed > 0 ? `, ${number(failed)} failed` : ''}`
}
