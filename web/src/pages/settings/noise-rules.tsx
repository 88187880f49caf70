import { Badge, Group, Stack, Text } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { deleteNoiseRule, type NoiseRule } from '../../client.ts'
import { RowAction } from '../../components/row-action.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { noiseRulesQuery, refreshWhenApplied } from '../../noise-rules.ts'

/** The organization's own noise rules: created from a change, removed here. */
export function NoiseRules() {
  const client = useQueryClient()
  const rules = useQuery(noiseRulesQuery)
  const list = useRef<HTMLDivElement>(null)
  const remove = useMutation({
    mutationFn: (id: string) => deleteNoiseRule(id),
    meta: { errorTitle: 'Cannot remove the rule' },
    onSuccess: async () => {
      refreshWhenApplied(client)
      await client.invalidateQueries({ queryKey: noiseRulesQuery.queryKey })
      list.current?.focus()
    },
  })
  if (rules.isPending) return <Loading label="Loading the rules" />
  if (!rules.data) return <ErrorState error={rules.error} retry={() => rules.refetch()} />
  return (
    <Stack>
      <Text size="sm">
        Your rules for routine changes, in addition to the built-in ones. “Never hide” overrides
        every other rule. Add a rule with “Hide or show…” on a change.
      </Text>
      <List label="All noise rules" ref={list}>
        {rules.data.length === 0 ? (
          <EmptyState title="No noise rules yet">
            Open a change and choose “Hide or show…” to hide changes like it.
          </EmptyState>
        ) : (
          <Rows label="Noise rules">
            {rules.data.map((rule) => (
              <Row
                key={rule.id}
                actions={
                  <RowAction
                    label="Remove"
                    name={`Remove the rule: ${describe(rule)}`}
                    icon={<IconTrash size={16} />}
                    isLoading={remove.isPending && remove.variables === rule.id}
                    onClick={() => remove.mutate(rule.id)}
                  />
                }
              >
                <Group gap="xs">
                  <Badge color="gray" variant="outline" tt="none">
                    {rule.effect === 'hide' ? 'Always hide' : 'Never hide'}
                  </Badge>
                  <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
                    <bdi>{describe(rule)}</bdi>
                  </Text>
                </Group>
                {rule.createdBy !== null && (
                  <Text size="xs" c="dimmed">
                    <bdi>{rule.createdBy}</bdi>
                  </Text>
                )}
              </Row>
            ))}
          </Rows>
        )}
      </List>
    </Stack>
  )
}

function describe({ match }: NoiseRule): string {
  const { service, action, ...others } = match
  const what = [service, action].filter((part) => part !== undefined).join(' ')
  const rest = Object.entries(others).map(([field, value]) => `${field} ${value}`)
  return [what, ...rest].filter((part) => part !== '').join(', ')
}
