import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Integration, updateIntegration } from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { Section } from '../change/parts.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from '../settings/permissions.tsx'

type Rule = NonNullable<Integration['settings']['deployRules']>[number]

/** Which deployments of GitHub are deploys: ordered rules, of which the first match decides. */
export function DeployRules({ integration }: { integration: Integration }) {
  const saved = integration.settings.deployRules ?? []
  const client = useQueryClient()
  const disabled = ownerOnlyReason(useMe()) !== undefined
  const [rules, setRules] = useState<Rule[]>(saved)
  const isChanged = JSON.stringify(rules) !== JSON.stringify(saved)
  const saving = useMutation({
    mutationFn: () =>
      updateIntegration(integration.id, {
        settings: { ...integration.settings, deployRules: rules.map(withoutEmpty) },
      }),
    onSuccess: async ({ settings }) => {
      setRules(settings.deployRules ?? [])
      await client.invalidateQueries({ queryKey: ['integrations'] })
    },
  })
  const change = (index: number, fields: Partial<Rule>) =>
    setRules(rules.map((rule, at) => (at === index ? { ...rule, ...fields } : rule)))
  return (
    <Section title="Deploy rules">
      <Stack gap="sm">
        <Text size="sm">
          Jobs that only use the secrets of an environment create deployments too. The first rule
          that matches decides; a deployment that matches no rule is a deploy. The rules apply to
          deliveries that are translated from now on.
        </Text>
        {rules.map((rule, index) => (
          <Group
            // biome-ignore lint/suspicious/noArrayIndexKey: rules have no ID, and their fields are controlled
            key={index}
            align="flex-end"
            gap="xs"
            role="group"
            aria-label={`Rule ${index + 1}`}
          >
            <TextInput
              label="Workflow"
              placeholder="All, or Lint*"
              flex="1 1 160px"
              maxLength={200}
              value={rule.workflow ?? ''}
              disabled={disabled}
              onChange={(event) => change(index, { workflow: event.currentTarget.value })}
            />
            <TextInput
              label="Environment"
              placeholder="All, or preview-*"
              flex="1 1 160px"
              maxLength={200}
              value={rule.environment ?? ''}
              disabled={disabled}
              onChange={(event) => change(index, { environment: event.currentTarget.value })}
            />
            <Select
              label="Deployments are"
              w={170}
              allowDeselect={false}
              data={[
                { value: 'deploy', label: 'Deploys' },
                { value: 'ignore', label: 'Ignored' },
              ]}
              value={rule.isDeploy ? 'deploy' : 'ignore'}
              disabled={disabled}
              onChange={(value) => change(index, { isDeploy: value === 'deploy' })}
            />
            <ActionIcon
              variant="default"
              size="input-sm"
              disabled={disabled || index === 0}
              aria-label={`Move rule ${index + 1} up`}
              onClick={() =>
                setRules([
                  ...rules.slice(0, index - 1),
                  rule,
                  ...rules.slice(index - 1, index),
                  ...rules.slice(index + 1),
                ])
              }
            >
              <IconArrowUp size={16} aria-hidden />
            </ActionIcon>
            <ActionIcon
              variant="default"
              size="input-sm"
              disabled={disabled}
              aria-label={`Remove rule ${index + 1}`}
              onClick={() => setRules(rules.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <OwnersOnly what="Only owners can change the rules" />
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            disabled={disabled || rules.length >= 100}
            onClick={() => setRules([...rules, { isDeploy: false }])}
          >
            Add rule
          </Button>
          <Button
            disabled={disabled || !isChanged}
            loading={saving.isPending}
            onClick={() => saving.mutate()}
          >
            Save rules
          </Button>
        </Group>
        {saving.isError && <ErrorState error={saving.error} />}
      </Stack>
    </Section>
  )
}

/** An empty pattern is none. */
function withoutEmpty({ workflow, environment, isDeploy }: Rule): Rule {
  const rule: Rule = { isDeploy }
  if (workflow?.trim()) rule.workflow = workflow.trim()
  if (environment?.trim()) rule.environment = environment.trim()
  return rule
}
