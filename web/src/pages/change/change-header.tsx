import { Badge, Button, Group, Stack, Title } from '@mantine/core'
import { IconClock, IconExternalLink, IconEyeOff, IconLink } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { Suspense, useState } from 'react'
import type { Change } from '../../client.ts'
import { CopyText } from '../../components/copy.tsx'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { NoiseRuleDialog } from '../../components/lazy-noise-rule-dialog.ts'
import { OutcomeBadge } from '../../components/outcome.tsx'
import { RiskBadges } from '../../components/risk.tsx'
import { cut } from '../feed/entries.ts'
import { MINUTE_MS, rangeAround, safeLinks } from './change.ts'
import { NoiseBadge } from './noise-badge.tsx'
import { LongText } from './parts.tsx'

/** The summary of a change, its badges, and its links. */
export function ChangeHeader(props: { change: Change; headingOrder: 1 | 2 }) {
  const { change } = props
  const links = safeLinks(change.links)
  const [isHiding, setHiding] = useState(false)
  return (
    <Stack gap="xs">
      {/* In a heading, the parts of an identifier are blocks: their names would have spaces between them. */}
      <Title order={props.headingOrder} size="h3" aria-label={cut(change.summary, 600)}>
        <bdi>
          <LongText text={change.summary} />
        </bdi>
      </Title>
      <Group gap="xs">
        {change.outcome !== 'succeeded' && <OutcomeBadge outcome={change.outcome} size="md" />}
        {change.environments.map((one) => (
          <EnvironmentBadge key={one} id={one} />
        ))}
        {change.readOnly && (
          <Badge color="gray" variant="outline" tt="none">
            Read-only
          </Badge>
        )}
        <RiskBadges risks={change.risks} all />
        {change.noise !== null && <NoiseBadge noise={change.noise} />}
      </Group>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          leftSection={<IconClock size={14} aria-hidden />}
          renderRoot={(root) => (
            <Link {...root} to="/" search={rangeAround(change, 15 * MINUTE_MS)} />
          )}
        >
          All changes ±15 min
        </Button>
        {links.map(({ label, url }) => (
          <Button
            key={url}
            component="a"
            href={url}
            target="_blank"
            rel="noreferrer"
            variant="default"
            size="xs"
            rightSection={<IconExternalLink size={14} aria-hidden />}
          >
            {label}
          </Button>
        ))}
        <CopyText
          text={`${window.location.origin}/changes/${change.id}`}
          label="Copy link"
          size="xs"
          icon={<IconLink size={14} aria-hidden />}
        />
        <Button
          variant="default"
          size="xs"
          onClick={() => setHiding(true)}
          leftSection={<IconEyeOff size={14} aria-hidden />}
        >
          Hide or show…
        </Button>
      </Group>
      {isHiding && (
        <Suspense>
          <NoiseRuleDialog change={change} onClose={() => setHiding(false)} />
        </Suspense>
      )}
    </Stack>
  )
}
