import {
  IconBellRinging,
  IconBrandAws,
  IconBrandGithub,
  IconFlame,
  IconPoint,
  IconRocket,
  IconToggleRight,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'

const ICONS: Record<string, { Icon: ComponentType<{ size?: number }>; name: string }> = {
  'aws.cloudtrail': { Icon: IconBrandAws, name: 'AWS' },
  github: { Icon: IconBrandGithub, name: 'GitHub' },
  deploy: { Icon: IconRocket, name: 'Deploy' },
  pagerduty: { Icon: IconBellRinging, name: 'PagerDuty' },
  alertmanager: { Icon: IconFlame, name: 'Alertmanager' },
  launchdarkly: { Icon: IconToggleRight, name: 'LaunchDarkly' },
}

/** Shows at a glance where a change comes from. */
export function SourceIcon({ source, size = 16 }: { source: string; size?: number }) {
  const known = Object.hasOwn(ICONS, source) ? ICONS[source]! : { Icon: IconPoint, name: source }
  const { Icon, name } = known
  return (
    <span role="img" aria-label={name} title={name} style={{ display: 'inline-flex' }}>
      <Icon size={size} />
    </span>
  )
}
