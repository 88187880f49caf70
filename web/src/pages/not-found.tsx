import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '../components/states.tsx'

export function NotFound() {
  return (
    <>
      <title>There is no such page · Cairn</title>
      <EmptyState
        title="There is no such page"
        action={
          <Button component={Link} to="/" variant="default">
            To the changes
          </Button>
        }
      >
        The address may be from another Cairn, or of something that was deleted.
      </EmptyState>
    </>
  )
}
