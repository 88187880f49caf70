import { Skeleton, VisuallyHidden } from '@mantine/core'
import type { ReactNode } from 'react'
import { formatTime, type Zone } from '../../time.tsx'
import { cut } from './entries.ts'
import classes from './feed.module.css'

/**
 * The time of day. The heading above it has the day, which a screen reader that moves from row to
 * row does not read.
 */
export function RowTime(props: {
  at: string
  zone: Zone
  now: number
  /** The day is not that of the heading. */
  isDated?: boolean
}) {
  const { at, zone, now } = props
  const clock = formatTime(at, zone, Date.parse(at))
  const date = formatTime(at, zone, now).slice(0, -clock.length)
  return (
    <time className={classes.time} dateTime={at} title={new Date(at).toISOString()}>
      {props.isDated && (date || 'Today, ')}
      {!props.isDated && date !== '' && <VisuallyHidden component="span">{date}</VisuallyHidden>}
      {clock}
    </time>
  )
}

/** The day of the rows below it, where that is not clear from the rows above. */
export function DayHeading({ day, level = 2 }: { day: string | undefined; level?: 2 | 3 }) {
  if (day === undefined) return null
  return (
    // biome-ignore lint/a11y/useSemanticElements: headings of the page have other styles
    <div role="heading" aria-level={level} className={classes.day}>
      {day}
    </div>
  )
}

export function Meta({
  parts,
  icons,
}: {
  parts: (string | null | undefined)[]
  /** Before the text. */
  icons?: ReactNode
}) {
  const shown = parts.filter((part) => part !== null && part !== undefined && part !== '')
  return (
    <span className={classes.meta} style={{ display: 'block' }}>
      {icons && <span className={classes.sources}>{icons}</span>}
      {shown.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two parts may say the same
        <span key={index}>
          {index > 0 && ' · '}
          <bdi>{cut(part!, 120)}</bdi>
        </span>
      ))}
    </span>
  )
}

/** `a, b and 3 more`. */
export function firstFew(names: readonly string[], most = 2): string | undefined {
  if (names.length === 0) return undefined
  if (names.length <= most) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

export function RowSkeletons({ count }: { count: number }) {
  return (
    <div aria-hidden>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike, and stay where they are
        <div key={index} className={classes.row}>
          <Skeleton height={16} circle mt={2} />
          <Skeleton height={12} width={56} mt={4} />
          <div className={classes.what}>
            <Skeleton height={12} width={`${75 - ((index * 17) % 40)}%`} mt={4} />
          </div>
        </div>
      ))}
    </div>
  )
}
