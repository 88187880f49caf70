import { Anchor, AppShell, Badge, Burger, Group, Text, Tooltip } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Me } from './client.ts'
import { BrokeBox } from './components/broke-box.tsx'
import { AccountMenu, ColorSchemeSwitch, ZoneSwitch } from './header-menus.tsx'

/** The bar at the top of each page. */
export function Header(props: {
  me: Me
  /** Whether a phone shows the navigation. */
  isOpen: boolean
  onToggle: () => void
  onHome: () => void
}) {
  const { me } = props
  return (
    <AppShell.Header>
      <Group h="100%" px="md" justify="space-between" wrap="nowrap">
        <Group gap="xs" wrap="nowrap">
          <Burger
            opened={props.isOpen}
            onClick={props.onToggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Navigation"
          />
          <Anchor component={Link} to="/" underline="never" c="inherit" onClick={props.onHome}>
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
  )
}
