import { Anchor, Button, Group, PasswordInput, Stack, TagsInput, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  checkIntegrationRecovery,
  type Integration,
  type Recovery,
  setIntegrationRecovery,
} from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { Section } from '../change/parts.tsx'
import { ToneIcon } from '../connections/status.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from '../settings/permissions.tsx'
import { RemoveToken } from './remove-token.tsx'

const DOCS =
  'https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens'

/** The optional token with which Cairn finds deliveries of GitHub that it has missed. */
export function RecoverySection({ integration }: { integration: Integration }) {
  const { recovery } = integration
  const isOwner = !ownerOnlyReason(useMe())
  return (
    <Section title="Missed deliveries">
      <Stack gap="sm">
        {recovery ? (
          <RecoveryState integrationId={integration.id} recovery={recovery} />
        ) : (
          <Text size="sm">
            GitHub does not send a delivery again, for example one that was sent while Cairn was
            down. With a{' '}
            <Anchor href={DOCS} target="_blank" rel="noreferrer" inherit underline="always">
              personal access token
            </Anchor>
            , Cairn compares GitHub's list of deliveries every 10 minutes and fetches what is
            missing. A fine-grained token needs read access to webhooks; a classic one needs{' '}
            <code>read:repo_hook</code>, or <code>admin:org_hook</code> for an organization.
          </Text>
        )}
        <OwnersOnly what="Only owners can change the token" />
        {/* Starts again with what is saved. */}
        <RecoveryForm key={recovery?.tokenSetAt} integration={integration} disabled={!isOwner} />
        {recovery && <RemoveToken integrationId={integration.id} disabled={!isOwner} />}
      </Stack>
    </Section>
  )
}

function RecoveryState(props: { integrationId: string; recovery: Recovery }) {
  const { integrationId, recovery } = props
  const { problem, checkedAt, checkedThrough, recovered, tokenSetAt } = recovery
  const client = useQueryClient()
  const checking = useMutation({
    mutationFn: () => checkIntegrationRecovery(integrationId),
    onSuccess: () => client.invalidateQueries({ queryKey: ['integrations'] }),
  })
  return (
    <>
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Text component="span" mt={3} lh={1}>
          <ToneIcon tone={toneOf(recovery)} />
        </Text>
        <Text>
          <span role="status">{problem ?? (checkedAt === null ? 'Checking…' : 'Checked.')}</span>{' '}
          {checkedThrough !== null && (
            <>
              Up to date as of <Time at={checkedThrough} />.{' '}
            </>
          )}
          Recovered: {recovered}.
        </Text>
      </Group>
      <Group gap="sm">
        <Text size="sm" c="dimmed">
          The token was set <Time at={tokenSetAt} ago />.
          {checkedAt !== null && (
            <>
              {' '}
              Last check: <Time at={checkedAt} ago />.
            </>
          )}
        </Text>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={checking.isPending}
          onClick={() => checking.mutate()}
        >
          Check now
        </Button>
      </Group>
      {checking.isError && <ErrorState error={checking.error} />}
    </>
  )
}

function toneOf({ problem, checkedAt }: Recovery) {
  if (problem !== null) return 'action'
  return checkedAt === null ? 'busy' : 'good'
}

function RecoveryForm(props: { integration: Integration; disabled: boolean }) {
  const { integration, disabled } = props
  const { id, recovery } = integration
  const client = useQueryClient()
  const [token, setToken] = useState('')
  const [hooksOf, setHooksOf] = useState(recovery?.hooksOf ?? [])
  const saving = useMutation({
    mutationFn: () =>
      setIntegrationRecovery(id, token === '' ? { hooksOf } : { hooksOf, token: token.trim() }),
    onSuccess: async () => {
      setToken('')
      await client.invalidateQueries({ queryKey: ['integrations'] })
    },
  })
  const isComplete = hooksOf.length > 0 && (token !== '' || recovery !== null)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        saving.mutate()
      }}
    >
      <Group align="flex-end" gap="xs">
        <TagsInput
          label="Organizations and repositories with the webhook"
          placeholder={hooksOf.length === 0 ? 'acme or acme/shop' : ''}
          flex="1 1 260px"
          maw={420}
          acceptValueOnBlur
          value={hooksOf}
          disabled={disabled}
          onChange={setHooksOf}
        />
        <PasswordInput
          label={recovery ? 'Another token' : 'Token'}
          flex="1 1 220px"
          maw={360}
          autoComplete="off"
          value={token}
          disabled={disabled}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" disabled={disabled || !isComplete} loading={saving.isPending}>
          Save token
        </Button>
      </Group>
      {saving.isError && <ErrorState error={saving.error} />}
    </form>
  )
}
