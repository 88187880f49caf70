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
import classes from './risk.module.css'

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

/** Whether a row with these risks needs attention: it has more room and weight than others. */
export function isUrgent(risks: readonly string[], isPublic: boolean): boolean {
  return isPublic || risks.includes('public_access') || risks.includes('protection')
}

export function riskLabel(risk: string): string {
  return Object.hasOwn(looks, risk) ? looks[risk as Risk].label : risk
}

/** Public access has a stronger badge than the other risks. */
function RiskBadge(props: { risk: Risk; title?: string | undefined; isIcon?: boolean }) {
  const { risk, title, isIcon = false } = props
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
      title={title ?? (isIcon ? label : undefined)}
      className={isIcon ? classes.icon : undefined}
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
 * @param compact the first one has its label, the others only have their icons
 */
export function RiskBadges(props: {
  risks: readonly string[]
  publicAccess?: string | undefined
  all?: boolean
  compact?: boolean
}) {
  const { risks, publicAccess, all = false, compact = false } = props
  const has = (risk: Risk) =>
    risks.includes(risk) || (risk === 'public_access' && publicAccess !== undefined)
  return known
    .filter((risk) => has(risk) && (all || looks[risk].isInLists))
    .map((risk, index) => (
      <RiskBadge
        key={risk}
        risk={risk}
        title={risk === 'public_access' ? publicAccess : undefined}
        isIcon={compact && index > 0}
      />
    ))
}
