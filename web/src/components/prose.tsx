import { Words } from './breakable.tsx'
import { InlineCode } from './inline-code.tsx'
import { visible } from './json.ts'

/** Renders text in backticks as code. */
export function Prose({ text }: { text: string }) {
  return visible(text)
    .split('`')
    .map((part, index) => {
      const Part = index % 2 === 1 ? InlineCode : Words
      // The parts of a sentence do not change.
      // biome-ignore lint/suspicious/noArrayIndexKey: as above
      return <Part key={index} text={part} />
    })
}
