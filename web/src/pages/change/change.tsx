import { Button, Group, Stack } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { toApiError } from '../../api.ts'
import { cut } from '../feed/entries.ts'
import { lastFeed } from '../feed/last-feed.ts'
import { ChangeBody, useChange } from './body.tsx'

const route = getRouteApi('/app/changes/$id')

/** One change: who did what, where, and what else happened around it. */
export function ChangePage() {
  const { id } = route.useParams()
  const change = useChange(id)
  const { error } = change.loaded
  const isGone = error !== null && toApiError(error).status === 404
  return (
    <Stack gap="md" maw={1180}>
      {!isGone && (
        <title>{`${change.shown ? cut(change.shown.summary, 120) : 'Change'} · Cairn`}</title>
      )}
      <Group>
        <Button
          component={Link}
          to="/"
          search={lastFeed.search as never}
          variant="subtle"
          size="compact-sm"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
        >
          Changes
        </Button>
      </Group>
      <ChangeBody change={change} headingOrder={1} />
    </Stack>
  )
}
