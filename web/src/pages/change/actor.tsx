import { Group, Text } from '@mantine/core'
import { IconQuestionMark } from '@tabler/icons-react'
import type { Change } from '../../client.ts'
import { Breakable } from '../../components/breakable.tsx'
import { Copy } from '../../components/copy.tsx'
import { cut } from '../feed/entries.ts'
import classes from './change.module.css'
import { actorChainOf } from './change.ts'
import { Identifier } from './identifier.tsx'
import { Section } from './parts.tsx'

/** The chain of actors, from the origin to the identity that made the call. */
export function ActorDetails({ change }: { change: Change }) {
  const chain = actorChainOf(change.actor)
  return (
    <Section title="Actor">
      {!chain.some(({ name }) => name === change.actor.name) && (
        <Text size="sm" mb="xs" className={classes.strong}>
          <Identifier
            change={change}
            value={change.actor.name}
            what="actor"
            filter={{ actor: [change.actor.id] }}
          />
        </Text>
      )}
      <ol className={classes.chain}>
        {chain.map((link, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a chain may have the same link twice
          <li key={index}>
            {link.kind === 'missing' ? (
              <Group gap={4} wrap="nowrap" align="flex-start">
                <IconQuestionMark size={14} aria-hidden className={classes.chainIcon} />
                <Text size="sm" fs="italic">
                  Unknown: <bdi>{cut(link.name, 300)}</bdi>
                </Text>
              </Group>
            ) : (
              <>
                <Text size="sm">
                  <span className={classes.none}>{link.how ?? kindLabel(link.kind)}</span>{' '}
                  <span className={classes.strong}>
                    {link.name === change.actor.name ? (
                      <Identifier
                        change={change}
                        value={link.name}
                        what="actor"
                        filter={{ actor: [change.actor.id] }}
                      />
                    ) : (
                      <bdi>{cut(link.name, 300)}</bdi>
                    )}
                  </span>
                </Text>
                {link.arn !== undefined && (
                  <Group gap={2} wrap="nowrap">
                    <bdi className={classes.arn}>
                      <Breakable text={cut(link.arn, 300)} />
                    </bdi>
                    <Copy text={link.arn} label="Copy ARN" />
                  </Group>
                )}
              </>
            )}
          </li>
        ))}
      </ol>
      <Text size="sm" mt="xs">
        <span className={classes.none}>via</span> <bdi>{cut(change.tool.label, 200)}</bdi>
        {change.tool.run !== undefined && (
          <>
            {' '}
            <span className={classes.none}>run</span> <bdi>{cut(change.tool.run, 200)}</bdi>
          </>
        )}
      </Text>
    </Section>
  )
}

const kindLabel = (kind: string) => (kind === 'ci' ? 'CI job' : kind.replaceAll('-', ' '))
