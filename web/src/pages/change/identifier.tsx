import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Change } from '../../client.ts'
import { Breakable } from '../../components/breakable.tsx'
import { Copy } from '../../components/copy.tsx'
import { cut } from '../feed/entries.ts'
import type { FeedSearch } from '../feed/search.ts'
import classes from './change.module.css'
import { fitsInUrl, historyOf } from './change.ts'

/**
 * A value that other changes have as well: a link to its history around this change, and a copy
 * button.
 *
 * @param props.filter the filter that finds it; values that are too long for a URL have no link
 * @param props.what a noun for the copy button: `account ID`
 */
export function Identifier(props: {
  change: Change
  value: string
  what: string
  filter?: FeedSearch | undefined
  /** Shown instead of the value: a name. */
  label?: string
  /** Copied instead of the value: an ARN. */
  copied?: string
}) {
  const { change, value, what, filter, label = value, copied = value } = props
  const text = (
    <bdi>
      <Breakable text={cut(label, 300)} />
    </bdi>
  )
  const isLink =
    filter !== undefined &&
    Object.values(filter)
      .flat()
      .every((one) => fitsInUrl(one))
  return (
    <span className={classes.identifier}>
      {isLink ? (
        <Anchor
          inherit
          title="View history"
          renderRoot={(root) => <Link {...root} to="/" search={historyOf(change, filter)} />}
        >
          {text}
        </Anchor>
      ) : (
        text
      )}
      <Copy text={copied} label={`Copy ${what}`} />
    </span>
  )
}
