import { Alert, AppShell, Container } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconCloudOff } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Outlet, useLocation, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { toApiError } from './api.ts'
import type { Me } from './client.ts'
import { PrincipalBanner } from './components/principal-banner.tsx'
import { Shortcuts } from './components/shortcuts.tsx'
import { ErrorState, Loading } from './components/states.tsx'
import { Header } from './header.tsx'
import { preloadParts } from './lazy-part.ts'
import { LiveContext, useLiveState, useServerEvents } from './live.ts'
import { Navigation } from './navigation.tsx'
import { connectionsQuery } from './pages/connections/queries.ts'
import { lastFeed } from './pages/feed/last-feed.ts'
import { meQuery } from './session.ts'
import { Time } from './time.tsx'

/** The layout of all pages for signed-in users. */
export function Layout() {
  const me = useQuery(meQuery)
  if (me.isPending) return <Loading />
  if (me.isError && toApiError(me.error).status === 401) return <ToSignIn />
  // The page stays visible while the server is unavailable.
  if (!me.data) {
    return (
      <Container py="xl">
        <ErrorState error={me.error} retry={() => me.refetch()} />
      </Container>
    )
  }
  return <SignedIn me={me.data} />
}

/** Redirects to the sign-in page, which redirects back to the requested page. */
function ToSignIn() {
  const navigate = useNavigate()
  // The initial URL: this component stays mounted until the sign-in page is loaded.
  const [to] = useState(useLocation().href)
  useEffect(() => {
    void navigate({ to: '/sign-in', search: { to }, replace: true })
  }, [navigate, to])
  return <Loading />
}

function SignedIn({ me }: { me: Me }) {
  const live = useServerEvents()
  usePreloadedParts()
  const [opened, { toggle, close }] = useDisclosure()
  const home = () => {
    lastFeed.refresh()
    close()
  }
  return (
    <LiveContext value={live}>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 184, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding="md"
      >
        <Header me={me} isOpen={opened} onToggle={toggle} onHome={home} />
        <Navigation me={me} onHome={home} onClose={close} />
        <AppShell.Main id="main" tabIndex={-1} data-offline={live === 'offline' || undefined}>
          <OfflineNotice />
          <PrincipalBanner />
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <Shortcuts />
    </LiveContext>
  )
}

/** Loads the other pages when this one is shown: a click works without a connection. */
function usePreloadedParts(): void {
  const { status } = useRouterState()
  const isShown = status === 'idle'
  useEffect(() => {
    if (isShown) void preloadParts()
  }, [isShown])
}

/** A page that is still connecting is not offline. */
function OfflineNotice() {
  const isOffline = useLiveState() === 'offline'
  const client = useQueryClient()
  if (!isOffline) return null
  const updatedAt = client.getQueryState(connectionsQuery.queryKey)?.dataUpdatedAt
  return (
    <Alert color="gray" variant="light" icon={<IconCloudOff aria-hidden />} mb="md" role="status">
      Connection lost. Reconnecting…
      {updatedAt !== undefined && updatedAt > 0 && (
        <>
          {' '}
          Statuses are from <Time at={new Date(updatedAt).toISOString()} />.
        </>
      )}
    </Alert>
  )
}
