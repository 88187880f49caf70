import { Badge } from '@mantine/core'
import {
  IconAdjustments,
  IconDatabase,
  IconGauge,
  IconNetwork,
  IconRocket,
  IconShieldOff,
  IconUserShield,
  IconWorld,
} from '@tabler/icons-react'
import type { Risk } from '../../../src/changes/change.ts'

/** In the order of urgency. Only the marked ones are shown in lists. */
const looks: Record<Risk, { icon: typeof IconWorld; label: string; isInLists: boolean }> = {
  public_access: { icon: IconWorld, label: 'Public access', isInLists: true },
  protection: { icon: IconShieldOff, label: 'Protection off', isInLists: true },
  identity: { icon: IconUserShield, label: 'Identity', isInLists: true },
  network: { icon: IconNetwork, label: 'Network', isInLists: true },
  data: { icon: IconDatabase, label: 'Data', isInLists: true },
  capacity: { icon: IconGauge, label: 'Capacity', isInLists: false },
  deploy: { icon: IconRocket, label: 'Deploy', isInLists: false },
  configuration: { icon: IconAdjustments, label: 'Configuration', isInLists: false },
}
const known = Object.keys(looks) as Risk[]

export function riskLabel(risk: string): string {
  return Object.hasOwn(looks, risk) ? looks[risk as Risk].label : risk
}

/** Public access has a stronger badge than the other risks. */
export function RiskBadge({ risk, title }: { risk: Risk; title?: string | undefined }) {
  const { icon: Icon, label } = looks[risk]
  const isPublic = risk === 'public_access'
  return (
    <Badge
      color={isPublic ? 'red' : 'gray'}
      variant={isPublic ? 'filled' : 'light'}
      tt="none"
      size="sm"
      leftSection={
        <Icon
          size={12}
          aria-hidden
          color={isPublic ? 'currentColor' : 'var(--mantine-color-orange-text)'}
        />
      }
      title={title}
    >
      {label}
    </Badge>
  )
}

/**
 * The risks of a change or a change set, the most urgent first.
 *
 * @param publicAccess what was made public
 * @param all also those that most changes have
 */
export function RiskBadges(props: {
  risks: readonly string[]
  publicAccess?: string | undefined
  all?: boolean
}) {
  const { risks, publicAccess, all = false } = props
  const has = (risk: Risk) =>
    risks.includes(risk) || (risk === 'public_access' && publicAccess !== undefined)
  return known
    .filter((risk) => has(risk) && (all || looks[risk].isInLists))
    .map((risk) => (
      <RiskBadge
        key={risk}
        risk={risk}
        title={risk === 'public_access' ? publicAccess : undefined}
      />
    ))
}
