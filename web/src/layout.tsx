import {
  Alert,
  Anchor,
  AppShell,
  Badge,
  Burger,
  Container,
  Group,
  NavLink,
  Text,
  Tooltip,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconCloudOff,
  IconFlame,
  IconHistory,
  IconPlugConnected,
  IconSettings,
} from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { toApiError } from './api.ts'
import type { Me } from './client.ts'
import { BrokeBox } from './components/broke-box.tsx'
import { PrincipalBanner } from './components/principal-banner.tsx'
import { Shortcuts } from './components/shortcuts.tsx'
import { ErrorState, Loading } from './components/states.tsx'
import { AccountMenu, ColorSchemeSwitch, ZoneSwitch } from './header-menus.tsx'
import { preloadParts } from './lazy-part.ts'
import { LiveContext, useLiveState, useServerEvents } from './live.ts'
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
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="xs" wrap="nowrap">
              <Burger
                opened={opened}
                onClick={toggle}
                hiddenFrom="sm"
                size="sm"
                aria-label="Navigation"
              />
              <Anchor component={Link} to="/" underline="never" c="inherit" onClick={home}>
                <Group gap={8} wrap="nowrap">
                  <img src="/cairn.svg" alt="" width={24} height={24} />
                  <Text className="brand-name" fw={700} style={{ whiteSpace: 'nowrap' }}>
                    Cairn
                  </Text>
                </Group>
              </Anchor>
              {me.demo && (
                <Tooltip label="The AWS account is simulated" withArrow>
                  <Badge variant="light" color="gray" tt="none" visibleFrom="xs">
                    Demo
                  </Badge>
                </Tooltip>
              )}
              <Text size="sm" c="dimmed" truncate visibleFrom="sm">
                <bdi>{me.organization.name}</bdi>
              </Text>
            </Group>
            <Group gap={4} wrap="nowrap">
              <BrokeBox />
              <ZoneSwitch />
              <ColorSchemeSwitch />
              <AccountMenu me={me} />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label="Pages">
          <Group hiddenFrom="sm" gap="xs" px="sm" pb="xs">
            <Text size="sm" c="dimmed">
              <bdi>{me.organization.name}</bdi>
            </Text>
            {me.demo && (
              <Badge variant="light" color="gray" tt="none">
                Demo
              </Badge>
            )}
          </Group>
          <Page to="/" label="Changes" icon={<IconHistory size={18} />} onClick={home} />
          <Page to="/incidents" label="Incidents" icon={<IconFlame size={18} />} onClick={close} />
          <Page
            to="/integrations"
            label="Integrations"
            icon={<IconPlugConnected size={18} />}
            onClick={close}
          />
          <Page to="/settings" label="Settings" icon={<IconSettings size={18} />} onClick={close} />
        </AppShell.Navbar>
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

function Page(props: { to: string; label: string; icon: React.ReactNode; onClick: () => void }) {
  const { pathname } = useLocation()
  const isFeed = props.to === '/'
  const active = isFeed
    ? pathname === '/' || pathname.startsWith('/changes')
    : pathname.startsWith(props.to)
  return (
    <NavLink
      component={Link}
      to={props.to}
      label={props.label}
      leftSection={props.icon}
      active={active}
      aria-current={active ? 'page' : undefined}
      onClick={props.onClick}
    />
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
