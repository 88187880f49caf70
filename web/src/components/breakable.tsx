import { Fragment } from 'react'
import classes from './breakable.module.css'

/** Longer texts are documents, and wrap as text does. */
const LONGEST_TEXT = 800
/** A longer part can be wider than a phone's screen, so it may wrap anywhere. */
const LONGEST_PART = 32

/**
 * An identifier that wraps only after `:`, `/` and `,`, and where a part is long, after `.` and
 * `_`; not at a hyphen or within a word.
 */
export function Breakable({ text }: { text: string }) {
  if (text.length > LONGEST_TEXT || /\s/.test(text)) return text
  if (text.length <= LONGEST_PART) return <span className={classes.part}>{text}</span>
  const parts = text
    .split(/(?<=[:/,])(?![:/,])/)
    .flatMap((part) => (part.length > LONGEST_PART ? part.split(/(?<=[._])/) : [part]))
  const shown = parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts can be equal, and stay where they are
    <Fragment key={index}>
      {/* Otherwise screen readers read a space. */}
      {index > 0 && <wbr aria-hidden />}
      {part.length > LONGEST_PART ? part : <span className={classes.part}>{part}</span>}
    </Fragment>
  ))
  // Beside text of the other direction, the parts keep their order.
  return parts.length > 1 ? <bdi dir="ltr">{shown}</bdi> : shown
}

/** A sentence whose identifiers wrap only between their parts: `sg-0123456789abcdef0` stays whole. */
export function Words({ text }: { text: string }) {
  if (text.length > LONGEST_TEXT) return text
  return text.split(/(\s+)/).map((word, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: words can be equal, and stay where they are
    /[-:/_]|\.\w/.test(word) ? <Breakable key={index} text={word} /> : word,
  )
}
