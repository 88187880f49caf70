import { Button, Group, Skeleton, Text, VisuallyHidden } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { IconZoomOut } from '@tabler/icons-react'
import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import type { Histogram as Data } from '../../client.ts'
import { counted } from '../../format.ts'
import { formatTime, useZone, type Zone } from '../../time.tsx'
import {
  bucketAt,
  moveCursor,
  place,
  span,
  sum,
  tickLabel,
  ticks,
  top,
  unsettled,
} from './buckets.ts'
import classes from './feed.module.css'

const height = 76
const axis = 18

/**
 * The number of changes over time, with failed changes highlighted. Drag, or use arrow keys with
 * Shift and Enter, to zoom in.
 */
export function Histogram(props: {
  data: Data | undefined
  isLoading: boolean
  onZoom: (from: Date, to: Date) => void
  /** Undefined if not zoomed in. */
  onZoomOut?: () => void
}) {
  const { data } = props
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [zone] = useZone()
  const [at, setAt] = useState<{ cursor: number | null; anchor: number | null }>(none)
  const [isDragging, setIsDragging] = useState(false)
  // Pointer users see the value already.
  const [isAnnounced, setIsAnnounced] = useState(false)
  if (!data || data.buckets.length === 0) {
    return (
      <Skeleton
        className={classes.histogram}
        height={height + axis + 22}
        animate={props.isLoading}
        aria-hidden
      />
    )
  }
  const count = data.buckets.length
  const from = Date.parse(data.from)
  const to = Date.parse(data.to)
  const x = (time: number) => place(time, from, to) * width
  const highest = top(Math.max(...data.buckets.map(({ total }) => total)))
  const y = (value: number) => (value / highest) * (height - 8)
  // The number of buckets may have decreased since.
  const cursor = at.cursor === null ? null : Math.min(at.cursor, count - 1)
  const anchor = at.anchor === null ? null : Math.min(at.anchor, count - 1)
  const chosen = cursor === null ? null : ([anchor ?? cursor, cursor] as const)
  const edges = chosen && span(data, ...chosen)
  const shaded = unsettled(data)
  const failed = sum(data.buckets, 0, count - 1).failed
  const zoom = () => {
    if (edges) props.onZoom(edges.from, edges.to)
    setAt(none)
  }
  const bucketOf = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const time = from + ((event.clientX - box.left) / box.width) * (to - from)
    const start = Date.parse(data.buckets[0]!.from)
    return bucketAt((time - start) / (data.bucketSeconds * 1000 * count), count)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && chosen) {
      event.preventDefault()
      return zoom()
    }
    if (event.key === 'Escape' && chosen) {
      event.stopPropagation()
      return setAt(none)
    }
    const moved = moveCursor(at, event.key, event.shiftKey, count)
    if (!moved) return
    event.preventDefault()
    setIsAnnounced(true)
    setAt(moved)
  }
  const told =
    edges &&
    `${formatTime(edges.from, zone)} to ${formatTime(edges.to, zone)}: ${inWords(sum(data.buckets, ...chosen!))}`
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
          aria-label={`Changes over time: ${inWords({ total: data.total, failed })}. Arrow keys move, Shift and arrow keys select, Enter zooms in.`}
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            if (event.button !== 0) return
            event.currentTarget.setPointerCapture(event.pointerId)
            setIsDragging(true)
            const bucket = bucketOf(event)
            setAt({ cursor: bucket, anchor: bucket })
          }}
          onPointerMove={(event) => {
            const bucket = bucketOf(event)
            setIsAnnounced(false)
            setAt({ cursor: bucket, anchor: isDragging ? at.anchor : null })
          }}
          onPointerUp={() => {
            setIsDragging(false)
            // A click is not a drag: it can start a double click.
            if (at.anchor !== null && at.anchor !== at.cursor) zoom()
            else setAt({ cursor: at.cursor, anchor: null })
          }}
          onPointerCancel={() => {
            setIsDragging(false)
            setAt(none)
          }}
          onPointerLeave={() => !isDragging && setAt(none)}
          onBlur={() => setAt(none)}
          onDoubleClick={props.onZoomOut}
        >
          {shaded.map(([start, end]) => (
            <rect
              key={start}
              className={classes.pending}
              x={x(start)}
              width={x(end) - x(start)}
              height={height}
            />
          ))}
          {chosen && (
            <rect
              className={isDragging || anchor !== null ? classes.brush : classes.cursor}
              x={x(edges!.from.getTime())}
              width={Math.max(x(edges!.to.getTime()) - x(edges!.from.getTime()), 1)}
              height={height}
            />
          )}
          {data.buckets.map((bucket) => {
            const start = x(Date.parse(bucket.from))
            const end = x(Date.parse(bucket.from) + data.bucketSeconds * 1000)
            const bar = Math.max(end - start - 1, 1)
            const tall = bucket.total && Math.max(y(bucket.total), 2)
            const red = bucket.failed && Math.max(y(bucket.failed), 2)
            return (
              <g key={bucket.from}>
                <rect
                  className={classes.bar}
                  x={start}
                  y={height - tall}
                  width={bar}
                  height={tall}
                />
                <rect
                  className={classes.failedBar}
                  x={start}
                  y={height - red}
                  width={bar}
                  height={red}
                />
              </g>
            )
          })}
          <line className={classes.axis} x1={0} x2={width} y1={height} y2={height} />
          <line
            className={classes.scale}
            x1={0}
            x2={width}
            y1={height - y(highest)}
            y2={height - y(highest)}
          />
          <text className={classes.tick} x={2} y={height - y(highest) + 12}>
            {highest.toLocaleString('en')}
          </text>
          {ticks(from, to, zone, Math.max(Math.floor(width / 75), 1)).map((tick) => (
            <g key={tick}>
              <line
                className={classes.axis}
                x1={x(tick)}
                x2={x(tick)}
                y1={height}
                y2={height + 4}
              />
              <text
                className={classes.tick}
                x={Math.min(Math.max(x(tick), 22), width - 22)}
                y={height + 15}
                textAnchor="middle"
              >
                {tickLabel(tick, zone)}
              </text>
            </g>
          ))}
        </svg>
      </div>
      <Group justify="space-between" gap="xs" mih={24} wrap="nowrap" mt={2}>
        <Text size="xs" className={classes.meta} aria-hidden>
          {told ??
            `${inWords({ total: data.total, failed })}${countedSince(data, zone)}. ${shaded.length > 0 ? 'Shaded: data may be incomplete. ' : ''}Drag to zoom in.`}
        </Text>
        <VisuallyHidden aria-live="polite">{isAnnounced ? told : ''}</VisuallyHidden>
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

const none = { cursor: null, anchor: null }

/** Why the counts are not of the whole time range. */
function countedSince({ partial, countedFrom }: Data, zone: Zone): string {
  if (!partial) return ''
  return ` since ${formatTime(countedFrom, zone)}; the time range is too long to count in full`
}

function inWords({ total, failed }: { total: number; failed: number }): string {
  return `${counted(total, 'change')}${failed > 0 ? `, ${failed.toLocaleString('en')} failed` : ''}`
}
