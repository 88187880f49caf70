import { Button, Checkbox, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Change, createNoiseRule, type NoiseRule } from '../client.ts'
import { refreshWhenApplied } from '../noise-rules.ts'
import { Dialog } from './dialog.tsx'
import { FormError } from './form-error.tsx'

/** Creates a rule that hides or shows changes like one change. */
export function NoiseRuleDialog(props: { change: Change; onClose: () => void }) {
  return (
    <Dialog opened onClose={props.onClose} title="Hide or show changes like this">
      <Fields {...props} />
    </Dialog>
  )
}

function Fields({ change, onClose }: { change: Change; onClose: () => void }) {
  const client = useQueryClient()
  const [effect, setEffect] = useState<NoiseRule['effect']>(change.noise === null ? 'hide' : 'show')
  const [byActor, setByActor] = useState(true)
  const [byAccount, setByAccount] = useState(false)
  const [resource, setResource] = useState<string | null>(null)
  const create = useMutation({
    mutationFn: () => {
      const match: NoiseRule['match'] = { service: change.service, action: change.action }
      if (byActor) match.actor = change.actor.id
      if (byAccount && change.accountId !== null) match.account = change.accountId
      if (resource !== null) match.resource = resource
      return createNoiseRule({ effect, match })
    },
    onSuccess: () => {
      notifications.show({
        title: effect === 'hide' ? 'Changes like this are hidden' : 'Changes like this are shown',
        message: 'Stored changes follow in the background. The rule is listed in the settings.',
        closeButtonProps: { 'aria-label': 'Close' },
      })
      void client.invalidateQueries({ queryKey: ['noise-rules'] })
      refreshWhenApplied(client)
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <SegmentedControl
          aria-label="Effect"
          value={effect}
          onChange={(value) => setEffect(value as typeof effect)}
          data={[
            { value: 'hide', label: 'Always hide' },
            { value: 'show', label: 'Never hide' },
          ]}
        />
        <Text size="sm">
          <bdi>
            {change.service} {change.action}
          </bdi>
          , past and future, if all of these match:
        </Text>
        <Checkbox
          label={`By ${change.actor.name}`}
          checked={byActor}
          onChange={(event) => setByActor(event.currentTarget.checked)}
        />
        {change.accountId !== null && (
          <Checkbox
            label={`In account ${change.accountId}`}
            checked={byAccount}
            onChange={(event) => setByAccount(event.currentTarget.checked)}
          />
        )}
        {change.resources.length > 0 && (
          <Select
            label="Resource"
            placeholder="Any"
            clearable
            value={resource}
            onChange={setResource}
            data={[...new Map(change.resources.map((each) => [each.key, each.id]))].map(
              ([value, label]) => ({ value, label }),
            )}
          />
        )}
        <Text size="sm" c="dimmed">
          Hidden changes are counted as routine changes, and remain candidates in incidents.
        </Text>
        <FormError error={create.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            {effect === 'hide' ? 'Always hide' : 'Never hide'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
