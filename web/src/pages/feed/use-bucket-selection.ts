import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { moveCursor } from './buckets.ts'

const none = { cursor: null, anchor: null }

/** The buckets of the histogram that the pointer or the keys select. */
export function useBucketSelection(props: {
  count: number
  /** The bucket under the pointer. */
  bucketOf: (event: PointerEvent<SVGSVGElement>) => number
  onZoom: (first: number, last: number) => void
}) {
  const { count, bucketOf } = props
  const [at, setAt] = useState<{ cursor: number | null; anchor: number | null }>(none)
  const [isDragging, setIsDragging] = useState(false)
  // Pointer users see the value already.
  const [isAnnounced, setIsAnnounced] = useState(false)
  // The number of buckets may have decreased since.
  const cursor = at.cursor === null ? null : Math.min(at.cursor, count - 1)
  const anchor = at.anchor === null ? null : Math.min(at.anchor, count - 1)
  const selected = cursor === null ? null : ([anchor ?? cursor, cursor] as const)
  const zoom = () => {
    if (selected) props.onZoom(selected[0], selected[1])
    setAt(none)
  }
  const handlers = {
    onKeyDown(event: KeyboardEvent) {
      if (event.key === 'Enter' && selected) {
        event.preventDefault()
        return zoom()
      }
      if (event.key === 'Escape' && selected) {
        event.stopPropagation()
        return setAt(none)
      }
      const moved = moveCursor(at, event.key, event.shiftKey, count)
      if (!moved) return
      event.preventDefault()
      setIsAnnounced(true)
      setAt(moved)
    },
    onPointerDown(event: PointerEvent<SVGSVGElement>) {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      setIsDragging(true)
      const bucket = bucketOf(event)
      setAt({ cursor: bucket, anchor: bucket })
    },
    onPointerMove(event: PointerEvent<SVGSVGElement>) {
      const bucket = bucketOf(event)
      setIsAnnounced(false)
      setAt({ cursor: bucket, anchor: isDragging ? at.anchor : null })
    },
    onPointerUp() {
      setIsDragging(false)
      // A click is not a drag: it can start a double click.
      if (at.anchor !== null && at.anchor !== at.cursor) zoom()
      else setAt({ cursor: at.cursor, anchor: null })
    },
    onPointerCancel() {
      setIsDragging(false)
      setAt(none)
    },
    onPointerLeave: () => !isDragging && setAt(none),
    onBlur: () => setAt(none),
  }
  return { selected, isRange: isDragging || anchor !== null, isAnnounced, handlers }
}
