import { Code } from '@mantine/core'
import { Words } from './breakable.tsx'

/** Code within a sentence. It wraps at spaces, and identifiers only between their parts. */
export function InlineCode({ text }: { text: string }) {
  return (
    <Code fz="0.9em">
      <Words text={text} />
    </Code>
  )
}
