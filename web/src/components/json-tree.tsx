import { Box, Button, UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { number } from '../format.ts'
import { Words } from './breakable.tsx'
import { isSmall, size, toNode, visible } from './json.ts'
import classes from './json-tree.module.css'

const longText = 400
const manyEntries = 100
const deepest = 12

/**
 * Shows JSON as a collapsible tree. Safe with untrusted content: text stays text, long texts and
 * lists are truncated, and collapsed parts are not rendered.
 */
export function JsonTree({ value, label }: { value: unknown; label: string }) {
  const node = toNode(value)
  return (
    <section className={classes.tree} aria-label={label}>
      {node.kind === 'leaf' ? (
        <Leaf type={node.type} text={node.text} />
      ) : (
        <Entries entries={node.entries} depth={0} isOpen={isSmall(value, 40)} />
      )}
    </section>
  )
}

function Entries(props: {
  entries: [key: string, value: unknown][]
  depth: number
  isOpen: boolean
}) {
  const [shown, setShown] = useState(manyEntries)
  const left = props.entries.length - shown
  if (props.entries.length === 0) return <span className={classes.note}>empty</span>
  return (
    <ul>
      {props.entries.slice(0, shown).map(([key, value]) => (
        <Entry key={key} name={key} value={value} depth={props.depth} isOpen={props.isOpen} />
      ))}
      {left > 0 && (
        <li className={classes.leaf}>
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => setShown(shown + 10 * manyEntries)}
          >
            {number(left)} more
          </Button>
        </li>
      )}
    </ul>
  )
}

function Entry(props: { name: string; value: unknown; depth: number; isOpen: boolean }) {
  const node = toNode(props.value)
  const [isOpen, setIsOpen] = useState(props.isOpen)
  const name = visible(props.name.length > 200 ? `${props.name.slice(0, 200)}…` : props.name)
  if (node.kind === 'leaf') {
    return (
      <li className={classes.leaf}>
        <bdi className={classes.key}>{name}</bdi>: <Leaf type={node.type} text={node.text} />
      </li>
    )
  }
  const Chevron = isOpen ? IconChevronDown : IconChevronRight
  return (
    <li className={props.depth >= deepest ? classes.flat : undefined}>
      <UnstyledButton
        className={classes.toggle}
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Chevron size={16} aria-hidden style={{ flexShrink: 0 }} />
        <bdi className={classes.key}>{name}</bdi>
        <span className={classes.note}>
          {typeof props.value === 'string' ? `JSON string, ${size(node)}` : size(node)}
        </span>
      </UnstyledButton>
      {isOpen && node.entries.length > 0 && (
        <Entries entries={node.entries} depth={props.depth + 1} isOpen={props.isOpen} />
      )}
    </li>
  )
}

function Leaf({ type, text }: { type: 'string' | 'number' | 'boolean' | 'null'; text: string }) {
  const [isWhole, setIsWhole] = useState(false)
  const isLong = text.length > longText
  const shown = isLong && !isWhole ? `${text.slice(0, longText)}…` : text
  return (
    <>
      {isWhole ? (
        <Box
          component="section"
          className={`${classes.string} ${classes.long}`}
          tabIndex={0}
          aria-label="Full text"
        >
          <bdi>{visible(shown)}</bdi>
        </Box>
      ) : (
        <bdi className={classes[type]}>
          <Words text={visible(shown)} />
        </bdi>
      )}
      {isLong && (
        <Button variant="subtle" size="compact-xs" onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? 'Show less' : `Show all ${number(text.length)} characters`}
        </Button>
      )}
    </>
  )
}
