import {
  Button,
  Group,
  Input,
  NumberInput,
  Paper,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
} from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { fieldTrouble, troubleOf } from '../../api.ts'
import type { Connection } from '../../client.ts'
import { Copy } from '../../components/copy.tsx'
import { EnvironmentSelect } from '../../components/environment-select.tsx'
import { FormTrouble } from '../../components/form-trouble.tsx'
import { duration } from '../../health.ts'
import { type Edits, edited } from './edits.ts'
import { useUpdate } from './use-update.ts'

/** The environment, and the external ID, which nobody chooses. */
export function WhereItBelongs({ connection }: { connection: Connection }) {
  const update = useUpdate(connection.id)
  return (
    <Paper withBorder p="md" component="section" aria-label="Environment and external ID">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <EnvironmentSelect
          value={
            update.isPending && update.variables.environmentId !== undefined
              ? update.variables.environmentId
              : connection.environmentId
          }
          onChange={(environmentId) => update.mutate({ environmentId })}
          description="All its changes are shown as this environment's, past ones too."
          error={
            update.isError
              ? (fieldTrouble(update.error, '/environmentId') ?? troubleOf(update.error).detail)
              : undefined
          }
        />
        <Input.Wrapper
          labelElement="div"
          label="External ID"
          description="Made by Cairn and never changed: if it could be chosen, somebody could choose another account's."
        >
          <Group gap={4} mih={36} wrap="nowrap">
            <Text ff="monospace" size="sm">
              {connection.externalId}
            </Text>
            <Copy text={connection.externalId} label="Copy the external ID" />
          </Group>
        </Input.Wrapper>
      </SimpleGrid>
    </Paper>
  )
}

const intervals = [30, 60, 120, 300, 900, 3600]

/** How far back, how often, and whether reads as well. */
export function ImportSettings({ connection }: { connection: Connection }) {
  const { lookbackDays, pollIntervalSeconds, selection } = connection
  const update = useUpdate(connection.id)
  const [edits, setEdits] = useState<Edits>({})
  const edit = (changed: Edits) => setEdits({ ...edits, ...changed })
  const shown = { lookbackDays, pollIntervalSeconds, selection, ...edits }
  const wanted = edited(edits, connection)
  const isEdited = Object.keys(wanted).length > 0
  const offered = [...new Set([...intervals, pollIntervalSeconds])].sort((a, b) => a - b)
  const save = (event: FormEvent) => {
    event.preventDefault()
    update.mutate(wanted, { onSuccess: () => setEdits({}) })
  }
  return (
    <form onSubmit={save}>
      <Stack>
        <Radio.Group
          label="Events"
          value={shown.selection}
          onChange={(value) => edit({ selection: value === 'all' ? 'all' : 'changes' })}
        >
          <Stack gap="xs" mt={4}>
            <Radio
              value="changes"
              label="Changes only"
              description="What changed something. About five times faster to import."
            />
            <Radio
              value="all"
              label="Everything"
              description="Reads as well. CloudTrail answers twice a second, so a busy account takes long."
            />
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberInput
            label="Look-back in days"
            description="Before the day of connecting. CloudTrail keeps 90."
            min={1}
            max={90}
            clampBehavior="strict"
            allowDecimal={false}
            required
            value={shown.lookbackDays ?? ''}
            onChange={(days) => edit({ lookbackDays: typeof days === 'number' ? days : null })}
            error={fieldTrouble(update.error, '/lookbackDays')}
          />
          <Select
            label="Interval"
            description="How often busy regions are asked."
            data={offered.map((seconds) => ({
              value: String(seconds),
              label: `Every ${duration(seconds)}`,
            }))}
            allowDeselect={false}
            value={String(shown.pollIntervalSeconds)}
            onChange={(value) => edit({ pollIntervalSeconds: Number(value) })}
            error={fieldTrouble(update.error, '/pollIntervalSeconds')}
          />
        </SimpleGrid>
        {shown.selection !== selection && (
          <Text size="sm">
            Each selection has a ledger of its own: the look-back is imported anew, and nothing that
            is there is lost.
          </Text>
        )}
        <FormTrouble error={update.error} fields={['lookbackDays', 'pollIntervalSeconds']} />
        <Group gap="xs">
          <Button
            type="submit"
            loading={update.isPending}
            disabled={!isEdited || !Number.isInteger(shown.lookbackDays)}
          >
            Save
          </Button>
          <Text size="sm" role="status">
            {update.isSuccess && !isEdited && 'Saved.'}
          </Text>
        </Group>
      </Stack>
    </form>
  )
}
