import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { type Connection, type Verification, verifyConnection } from '../../client.ts'
import { useVerifyObstacle } from '../../principal.ts'
import { Time } from '../../time.tsx'
import { CheckGroups } from './check-groups.tsx'
import { isVerifying } from './queries.ts'

/** The result of the verification, and the button that repeats it. */
export function VerificationChecks(props: {
  connection: Connection
  verification: Verification | undefined
}) {
  const { connection, verification } = props
  const client = useQueryClient()
  const obstacleId = useId()
  const [choices, setChoices] = useState<Partial<Record<string, boolean>>>({})
  const verify = useMutation({
    mutationFn: () => verifyConnection(connection.id),
    meta: { errorTitle: 'Cannot start the verification' },
    onMutate: () => setChoices({}),
    onSuccess: (found) =>
      client.setQueryData(['connections', connection.id, 'verification'], found),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections', connection.id] }),
  })
  const isPaused = connection.status === 'paused'
  const credentials = useVerifyObstacle()
  const obstacle = isPaused ? 'Resume the connection first.' : credentials
  const isBusy = verify.isPending || verification?.state === 'running'
  return (
    <Stack gap="sm">
      <CheckGroups
        verification={verification}
        isBeginning={!isPaused && isWaited(props)}
        choices={choices}
        onChoose={setChoices}
      />
      {verification?.lastAttempt && (
        <Alert color="yellow" title="The last verification was inconclusive">
          <Time at={verification.lastAttempt.at} ago />: {verification.lastAttempt.reason} Cairn
          retries. The result above remains valid
          {verification.validUntil && (
            <>
              {' '}
              until <Time at={verification.validUntil} />
            </>
          )}
          .
        </Alert>
      )}
      <Group gap="sm">
        <Button
          variant="default"
          loading={isBusy}
          disabled={obstacle !== undefined || connection.roleArn === null}
          aria-describedby={obstacle && obstacleId}
          onClick={() => verify.mutate()}
        >
          Verify now
        </Button>
        <Text size="sm" c="dimmed" id={obstacleId}>
          {obstacle}
          {obstacle === undefined && verification?.verifiedAt && (
            <>
              Last verified <Time at={verification.verifiedAt} ago />. Runs daily and after each
              change.
            </>
          )}
        </Text>
      </Group>
    </Stack>
  )
}

function isWaited(props: { connection: Connection; verification: Verification | undefined }) {
  const { connection, verification } = props
  return isVerifying(connection.status) && (verification?.checks.length ?? 0) === 0
}
