import { Code } from '@mantine/core'
import { visible } from '../../components/json.ts'

/** The server's sentences put what is to be typed between backticks. */
export function Prose({ text }: { text: string }) {
  return visible(text)
    .split('`')
    .map((part, index) =>
      index % 2 === 1 ? (
        // Places in a sentence that does not change.
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Code key={index} fz="inherit">
          {part}
        </Code>
      ) : (
        part
      ),
    )
}
