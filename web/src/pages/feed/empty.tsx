import { Button, Group, Text } from '@mantine/core'
import { IconDatabaseOff, IconPlugConnected } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { visible } from '../../components/json.ts'
import { EmptyState } from '../../components/states.tsx'
import { connectionPage, connectionsPage } from '../connections/links.ts'
import { useUpdate } from '../connections/use-update.ts'
import type { NoDataReason } from './no-data.ts'
import type { FeedRange, FeedSearch } from './search.ts'
import { SuggestionButton } from './suggestion-button.tsx'
import { isFiltered, suggestionsFor } from './suggestions.ts'

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

/** Shown for accounts that were never imported, where "no changes" would be wrong. */
export function NoData({ missing }: { missing: NoDataReason }) {
  return (
    <EmptyState
      icon={<IconDatabaseOff size={40} aria-hidden />}
      title="No data yet"
      action={<Fix {...missing} isMain />}
    >
      <span className="from-aws">{visible(missing.reason)}</span>
    </EmptyState>
  )
}

function Fix({ fix, isMain = false }: { fix: NoDataReason['fix']; isMain?: boolean }) {
  if (fix === null) return null
  const looks = isMain
    ? ({ mt: 'xs' } as const)
    : ({ variant: 'default', size: 'compact-sm' } as const)
  if (fix.kind === 'resume') return <Resume {...fix} looks={looks} />
  const page = pageOf(fix)
  return (
    <Button {...looks} renderRoot={(props) => <Link {...props} {...page} />}>
      {fix.label}
    </Button>
  )
}

function pageOf(fix: Exclude<NoDataReason['fix'], null>) {
  if (fix.kind === 'connection') return connectionPage(fix.id)
  return fix.kind === 'list' ? connectionsPage : { to: '/integrations' }
}

function Resume(props: { id: string; label: string; looks: object }) {
  const update = useUpdate(props.id, 'Cannot resume the connection')
  return (
    <Button
      {...props.looks}
      loading={update.isPending}
      onClick={() => update.mutate({ paused: false })}
    >
      {props.label}
    </Button>
  )
}

export function NoChanges(props: {
  search: FeedSearch
  window: FeedRange
  asOf: number
  isImporting: boolean
  /** Why some of the accounts have no data. */
  missing: NoDataReason | null
  onChange: (search: FeedSearch) => void
}) {
  const { search } = props
  const isNarrow = isFiltered(search)
  const unfiltered = props.isImporting
    ? 'An account is importing, newest changes first. Changes appear here automatically.'
    : 'No changes in this time range. CloudTrail delivers with a delay, so recent changes may still arrive.'
  return (
    <EmptyState
      title={isNarrow ? 'No matching changes' : 'No changes'}
      action={
        <Group gap="xs" justify="center" mt="xs" role="group" aria-label="Suggestions">
          {suggestionsFor(search, props.window).map((suggestion) => (
            <SuggestionButton
              key={suggestion.label}
              suggestion={suggestion}
              asOf={props.asOf}
              onChange={props.onChange}
            />
          ))}
        </Group>
      }
    >
      {isNarrow ? 'No changes in this time range match the filters.' : unfiltered}
      {props.missing && (
        <Group gap="xs" justify="center" mt="xs">
          <Text size="sm" className="from-aws">
            {visible(props.missing.reason)}
          </Text>
          <Fix {...props.missing} />
        </Group>
      )}
    </EmptyState>
  )
}
