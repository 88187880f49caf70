import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '../components/states.tsx'

export function NotFound() {
  return (
    <EmptyState
      isPage
      title="Page not found"
      action={
        <Button component={Link} to="/" variant="default">
          Go to changes
        </Button>
      }
    >
      The link may be for another Cairn installation, or the item was deleted.
    </EmptyState>
  )
}
