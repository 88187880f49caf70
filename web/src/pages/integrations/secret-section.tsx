import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Integration, rotateIntegrationSecret, updateIntegration } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Snippet } from '../../components/copy.tsx'
import { ErrorState } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { Section } from '../change/parts.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from '../settings/permissions.tsx'
import { ShownOnce } from '../settings/shown-once.tsx'
import { forgetSecret, rememberSecret, secretOf } from './secret.ts'

/** The secret: shown once after it was created, then only rotated or replaced. */
export function SecretSection({ integration }: { integration: Integration }) {
  const { id, kind, secrets } = integration
  const client = useQueryClient()
  const isOwner = !ownerOnlyReason(useMe())
  const [shown, setShown] = useState(secretOf(id))
  const [isRotating, rotating] = useDisclosure()
  const old = secrets.find(({ expiresAt }) => expiresAt !== null)
  const name = kind === 'alertmanager' ? 'bearer token' : 'secret'
  return (
    <Section title="Secret">
      <Stack gap="sm">
        {shown !== undefined && kind !== 'pagerduty' && (
          <ShownOnce
            title={`New ${name}`}
            onDone={() => {
              forgetSecret(id)
              setShown(undefined)
            }}
          >
            <Text size="sm">Copy this {name} now. It is shown only once.</Text>
            <Snippet text={shown} label="Secret" />
          </ShownOnce>
        )}
        {secrets[0] && (
          <Text size="sm">
            The current {name} was created <Time at={secrets[0].createdAt} ago />.
            {old?.expiresAt && (
              <>
                {' '}
                The previous one is valid until <Time at={old.expiresAt} />.
              </>
            )}
          </Text>
        )}
        <OwnersOnly what={`Only owners can change the ${name}`} />
        {kind === 'pagerduty' && <SetSecret integration={integration} disabled={!isOwner} />}
        {kind !== 'pagerduty' && (
          <Group>
            <Button variant="default" disabled={!isOwner} onClick={rotating.open}>
              Rotate {name}
            </Button>
          </Group>
        )}
      </Stack>
      <Confirm
        opened={isRotating}
        onClose={rotating.close}
        title={`Rotate the ${name}`}
        action="Rotate"
        onConfirm={async () => {
          const { secret } = await rotateIntegrationSecret(id, {})
          rememberSecret(id, secret)
          setShown(secret)
          await client.invalidateQueries({ queryKey: ['integrations'] })
        }}
      >
        Cairn creates another {name}. The current one stays valid for 24 hours, so that you can
        replace it without losing deliveries.
      </Confirm>
    </Section>
  )
}

function SetSecret({ integration, disabled }: { integration: Integration; disabled: boolean }) {
  const client = useQueryClient()
  const [secret, setSecret] = useState('')
  const saving = useMutation({
    mutationFn: () => updateIntegration(integration.id, { secret }),
    onSuccess: async () => {
      setSecret('')
      await client.invalidateQueries({ queryKey: ['integrations'] })
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        saving.mutate()
      }}
    >
      <Group align="flex-end" gap="xs">
        <PasswordInput
          label="Secret from PagerDuty"
          flex="1 1 260px"
          maw={420}
          autoComplete="off"
          value={secret}
          disabled={disabled}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <Button type="submit" disabled={disabled || secret === ''} loading={saving.isPending}>
          Save
        </Button>
      </Group>
      {saving.isError && <ErrorState error={saving.error} />}
    </form>
  )
}
