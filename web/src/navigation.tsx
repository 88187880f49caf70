import { AppShell, Badge, Group, NavLink, Text } from '@mantine/core'
import { IconFlame, IconHistory, IconPlugConnected, IconSettings } from '@tabler/icons-react'
import { Link, useLocation } from '@tanstack/react-router'
import type { Me } from './client.ts'

/** Links to the pages. */
export function Navigation(props: { me: Me; onHome: () => void; onClose: () => void }) {
  const { me } = props
  return (
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
      <Page to="/" label="Changes" icon={<IconHistory size={18} />} onClick={props.onHome} />
      <Page
        to="/incidents"
        label="Incidents"
        icon={<IconFlame size={18} />}
        onClick={props.onClose}
      />
      <Page
        to="/integrations"
        label="Integrations"
        icon={<IconPlugConnected size={18} />}
        onClick={props.onClose}
      />
      <Page
        to="/settings"
        label="Settings"
        icon={<IconSettings size={18} />}
        onClick={props.onClose}
      />
    </AppShell.Navbar>
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
