import { Badge, Button, CopyButton, Group, Stack, Title } from '@mantine/core'
import { IconCheck, IconExternalLink, IconLink } from '@tabler/icons-react'
import type { Change } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { OutcomeIcon, outcomeLabel } from '../../components/outcome.tsx'
import classes from './change.module.css'
import { safeLinks } from './change.ts'
import { LongText } from './parts.tsx'

/** The summary of a change, its badges, and its links. */
export function ChangeHeader({ change }: { change: Change }) {
  const links = safeLinks(change.links)
  return (
    <Stack gap="xs">
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <span className={classes.outcome}>
          <OutcomeIcon outcome={change.outcome} />
        </span>
        <Title order={1} size="h3">
          <bdi>
            <LongText text={change.summary} />
          </bdi>
        </Title>
      </Group>
      <Group gap="xs">
        {change.outcome !== 'succeeded' && (
          <Badge color="red" variant="light" tt="none">
            {outcomeLabel(change.outcome)}
          </Badge>
        )}
        {change.environments.map((one) => (
          <EnvironmentBadge key={one} id={one} />
        ))}
        {change.readOnly && (
          <Badge color="gray" variant="outline" tt="none">
            Read-only
          </Badge>
        )}
        {change.risks.map((risk) => (
          <Badge key={risk} color="gray" variant="light" tt="none">
            {risk}
          </Badge>
        ))}
        {change.noise !== null && (
          <Badge color="gray" variant="outline" tt="none">
            routine: {change.noise.replaceAll('-', ' ')}
          </Badge>
        )}
      </Group>
      <Group gap="xs">
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
        <CopyButton value={`${window.location.origin}/changes/${change.id}`}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="xs"
              onClick={copy}
              leftSection={
                copied ? <IconCheck size={14} aria-hidden /> : <IconLink size={14} aria-hidden />
              }
            >
              {copied ? 'Copied' : 'Copy link'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  )
}
