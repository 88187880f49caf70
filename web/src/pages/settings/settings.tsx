import { Container, Tabs, Text, Title } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Environments } from '../../components/environment-list.tsx'
import { RereadProgress } from '../../components/reread-progress.tsx'
import { TabList } from '../../components/tab-list.tsx'
import { ApiKeys } from './api-keys.tsx'
import { Members } from './members.tsx'
import { NoiseRules } from './noise-rules.tsx'
import { useMe } from './permissions.tsx'
import { Profile } from './profile.tsx'
import { EnvironmentRulesSettings } from './rules/environment-rules.tsx'
import { tabs, validateSettingsSearch } from './search.ts'
import { ServiceMappings } from './service-mappings.tsx'

const labels = {
  environments: 'Environments',
  'environment-rules': 'Environment rules',
  'noise-rules': 'Noise rules',
  'service-mappings': 'Service mappings',
  'api-keys': 'API keys',
  members: 'Members',
  profile: 'Profile',
}
const panels = {
  environments: Environments,
  'environment-rules': EnvironmentRulesSettings,
  'noise-rules': NoiseRules,
  'service-mappings': ServiceMappings,
  'api-keys': ApiKeys,
  members: Members,
  profile: Profile,
}

export function SettingsPage() {
  const { tab = tabs[0] } = useSearch({ from: '/app/settings' })
  const navigate = useNavigate()
  const { version } = useMe()
  return (
    <Container size="md" px={0} mx={0}>
      <title>{`${labels[tab]} · Settings · Cairn`}</title>
      <Title order={1} size="h2" mb="md">
        Settings
      </Title>
      <Tabs
        value={tab}
        onChange={(value) =>
          navigate({
            to: '/settings',
            search: validateSettingsSearch({ tab: value }),
            replace: true,
          })
        }
        keepMounted={false}
      >
        <TabList label="Settings" selected={tab} mb="md">
          {tabs.map((each) => (
            <Tabs.Tab key={each} value={each} px={{ base: 10, sm: 'md' }}>
              {labels[each]}
            </Tabs.Tab>
          ))}
        </TabList>
        {tabs.map((each) => {
          const Panel = panels[each]
          return (
            <Tabs.Panel key={each} value={each}>
              <Panel />
            </Tabs.Panel>
          )
        })}
      </Tabs>
      <Text size="sm" c="dimmed" mt="xl">
        Cairn {version}
      </Text>
      <RereadProgress />
    </Container>
  )
}
