import { Button, Group } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { chosen, type FeedSearch, withoutFilters, withoutRange } from './search.ts'

export function NoConnections() {
  return (
    <EmptyState
      icon={<IconPlugConnected size={40} aria-hidden />}
      title="Connect an account to see its changes"
      action={
        <Button component={Link} to="/integrations" mt="xs">
          View integrations
        </Button>
      }
    >
      Changes from the last hour appear within seconds, then those of the last days. You share no
      credentials.
    </EmptyState>
  )
}

/** Whether the feed is searched or filtered. */
export const isFiltered = (search: FeedSearch) =>
  chosen(search).length > 0 || search.q !== undefined || search.failures !== undefined

export function NoChanges(props: {
  search: FeedSearch
  hidden: number
  isImporting: boolean
  onChange: (search: FeedSearch) => void
}) {
  const { search, onChange } = props
  const isNarrow = isFiltered(search)
  const isShort = search.range !== '7d'
  return (
    <EmptyState
      title={isNarrow ? 'No matching changes' : 'No changes'}
      action={
        <Group gap="xs" justify="center" mt="xs">
          {search.noise === undefined && props.hidden > 0 && (
            <Button variant="default" onClick={() => onChange({ ...search, noise: 'shown' })}>
              Show {counted(props.hidden, 'routine change')}
            </Button>
          )}
          {isNarrow && (
            <Button
              variant="default"
              onClick={() => onChange({ ...withoutFilters(search), noise: search.noise })}
            >
              Clear filters
            </Button>
          )}
          {isShort && (
            <Button
              variant="default"
              onClick={() => onChange({ ...withoutRange(search), range: '7d' })}
            >
              Show last 7 days
            </Button>
          )}
        </Group>
      }
    >
      {isNarrow
        ? 'No changes in this time range match the filters.'
        : props.isImporting
          ? 'An account is importing, newest changes first. Changes appear here automatically.'
          : 'No changes in this time range. Changes can arrive about 10 minutes late.'}
    </EmptyState>
  )
}
