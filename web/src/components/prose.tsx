import { InlineCode } from './inline-code.tsx'
import { visible } from './json.ts'

/** Renders text in backticks as code. */
export function Prose({ text }: { text: string }) {
  return visible(text)
    .split('`')
    .map((part, index) =>
      index % 2 === 1 ? (
        // The parts of a sentence do not change.
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <InlineCode key={index} text={part} />
      ) : (
        part
      ),
    )
}
