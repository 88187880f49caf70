import { memo } from 'react'
import type { Histogram as Data } from '../../client.ts'
import { number } from '../../format.ts'
import type { Zone } from '../../time.tsx'
import { place, span, tickLabel, ticks, top, unsettled } from './buckets.ts'
import classes from './feed.module.css'

/** In pixels. */
export const height = 76
export const axis = 18
/** Room above the bars for the number of the scale, in pixels. */
const scaleHeight = 14

/** The drawing of the histogram: bars, the selection, the time axis and the scale. */
export const HistogramBars = memo(function HistogramBars(props: {
  data: Data
  /** In pixels. */
  width: number
  zone: Zone
  /** The first and last selected bucket. */
  selected: readonly [number, number] | null
  isRange: boolean
}) {
  const { data, width, zone, selected } = props
  const from = Date.parse(data.from)
  const to = Date.parse(data.to)
  const x = (time: number) => place(time, from, to) * width
  const highest = top(Math.max(...data.buckets.map(({ total }) => total)))
  const y = (value: number) => (value / highest) * (height - scaleHeight)
  const edges = selected && span(data, selected[0], selected[1])
  return (
    <>
      {unsettled(data).map(([start, end]) => (
        <rect
          key={start}
          className={classes.pending}
          x={x(start)}
          width={x(end) - x(start)}
          height={height}
        />
      ))}
      {edges && (
        <rect
          className={props.isRange ? classes.brush : classes.cursor}
          x={x(edges.from.getTime())}
          width={Math.max(x(edges.to.getTime()) - x(edges.from.getTime()), 1)}
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
            {tall > 0 && (
              <rect className={classes.bar} x={start} y={height - tall} width={bar} height={tall} />
            )}
            {red > 0 && (
              <rect
                className={classes.failedBar}
                x={start}
                y={height - red}
                width={bar}
                height={red}
              />
            )}
          </g>
        )
      })}
      <line className={classes.axis} x1={0} x2={width} y1={height} y2={height} />
      <line className={classes.scale} x1={0} x2={width} y1={scaleHeight} y2={scaleHeight} />
      <text className={classes.tick} x={0} y={scaleHeight - 4}>
        {number(highest)}
      </text>
      {ticks(from, to, zone, Math.max(Math.floor(width / 75), 1)).map((tick) => (
        <g key={tick}>
          <line className={classes.axis} x1={x(tick)} x2={x(tick)} y1={height} y2={height + 4} />
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
    </>
  )
})
