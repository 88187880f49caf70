import { ActionIcon, Menu, SegmentedControl, Tooltip, useMantineColorScheme } from '@mantine/core'
import {
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSettings,
  IconSun,
  IconUserCircle,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Me } from './client.ts'
import { openShortcuts } from './components/open-requests.ts'
import { showActionError } from './components/toast.ts'
import { signOut } from './session.ts'
import { useZone } from './time.tsx'

export function ZoneSwitch() {
  const [zone, setZone] = useZone()
  return (
    <SegmentedControl
      size="xs"
      value={zone}
      onChange={(value) => setZone(value === 'utc' ? 'utc' : 'local')}
      aria-label="Time zone"
      data={[
        { value: 'local', label: 'Local' },
        { value: 'utc', label: 'UTC' },
      ]}
    />
  )
}

const schemes = [
  { value: 'light', label: 'Light', icon: <IconSun size={16} /> },
  { value: 'dark', label: 'Dark', icon: <IconMoon size={16} /> },
  { value: 'auto', label: 'System', icon: <IconDeviceDesktop size={16} /> },
] as const

export function ColorSchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const current = schemes.find(({ value }) => value === colorScheme) ?? schemes[2]
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label={`Theme: ${current.label}`} withArrow>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Theme">
            {current.icon}
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {schemes.map(({ value, label, icon }) => (
          <Menu.Item key={value} leftSection={icon} onClick={() => setColorScheme(value)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function AccountMenu({ me: { user, organization } }: { me: Me }) {
  const leave = () => signOut().catch((error) => showActionError('Cannot sign out', error))
  const name = user?.name ?? 'API key'
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account: ${name}`}>
          <IconUserCircle size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown maw={280}>
        <Menu.Label>
          <bdi>{user?.name ?? 'API key'}</bdi>
          <br />
          <bdi>{organization.name}</bdi>
        </Menu.Label>
        <Menu.Item
          renderRoot={(props) => <Link to="/settings" search={{ tab: 'profile' }} {...props} />}
          leftSection={<IconSettings size={16} />}
        >
          Settings
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={openShortcuts}>
          Keyboard shortcuts
        </Menu.Item>
        {user && (
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
            Sign out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
