import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure, useId } from '@mantine/hooks'
import { IconCheck } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { parseRoleArn } from '../../../../src/aws/role-arn.ts'
import { fieldErrorAt } from '../../api.ts'
import type { Connection } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { FormError } from '../../components/form-error.tsx'
import { useVerifyObstacle } from '../../principal.ts'
import { otherAccountQuestion, pastedArn } from './pasted-arn.ts'
import { useUpdate } from './use-update.ts'

/** Validates the ARN while typing, with the same rules as the server. */
export function RoleArnForm(props: { connection: Connection; onSaved: () => void }) {
  const { connection, onSaved } = props
  const update = useUpdate(connection.id)
  const wordId = useId()
  const obstacleId = useId()
  const obstacle = useVerifyObstacle()
  // Without input, the field follows the stored value.
  const [typed, setTyped] = useState<string | null>(null)
  const text = typed ?? connection.roleArn ?? ''
  const role = parseRoleArn(pastedArn(text))
  const isEmpty = text.trim() === ''
  const problem = !isEmpty && 'problem' in role ? role.problem : undefined
  const isSame = !('problem' in role) && role.arn === connection.roleArn
  const question = 'problem' in role ? undefined : otherAccountQuestion(connection, role.accountId)
  const [isAsked, asking] = useDisclosure()
  const save = async (roleArn: string | null) => {
    await update.mutateAsync({ roleArn })
    setTyped(null)
    onSaved()
  }
  // Errors are shown in the form.
  const saveHere = (roleArn: string | null) => void save(roleArn).catch(() => {})
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if ('problem' in role) return
    if (question) asking.open()
    else saveHere(role.arn)
  }
  return (
    <>
      {question && !('problem' in role) && (
        <Confirm
          opened={isAsked}
          onClose={asking.close}
          title={question.title}
          action={question.action}
          onConfirm={() => save(role.arn)}
        >
          <Text size="sm" className="from-aws">
            {question.text}
          </Text>
        </Confirm>
      )}
      <form onSubmit={submit}>
        <Stack gap="xs">
          <TextInput
            label="Role ARN"
            description="Shown in the output of the template, the module or the commands."
            placeholder="arn:aws:iam::123456789012:role/cairn-read-only"
            value={text}
            onChange={(event) => {
              setTyped(event.currentTarget.value)
              update.reset()
            }}
            spellCheck={false}
            autoComplete="off"
            aria-describedby={wordId}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            error={problem ?? (update.isError && fieldErrorAt(update.error, '/roleArn'))}
          />
          <Text size="sm" id={wordId} role="status" mih="1.5em">
            {!('problem' in role) && (
              <Group component="span" gap={6} wrap="nowrap" align="flex-start">
                <IconCheck size={16} aria-hidden style={{ flexShrink: 0, marginTop: 3 }} />
                <span>
                  Role <b>{role.name}</b> in account <b>{role.accountId}</b>
                  {isSame ? ' (in use).' : '.'}
                  {role.name.endsWith(',') && ' The name ends with a comma. Is this intended?'}
                </span>
              </Group>
            )}
          </Text>
          <FormError error={update.error} fields={['roleArn']} />
          <Group gap="xs">
            <Button
              type="submit"
              loading={update.isPending}
              disabled={isEmpty || problem !== undefined || isSame || obstacle !== undefined}
              aria-describedby={obstacle && obstacleId}
            >
              {connection.roleArn === null ? 'Verify role' : 'Use this role'}
            </Button>
            {connection.roleArn !== null && (
              <Button variant="default" disabled={update.isPending} onClick={() => saveHere(null)}>
                Remove role
              </Button>
            )}
          </Group>
          {obstacle && (
            <Text size="sm" c="dimmed" id={obstacleId}>
              {obstacle}
            </Text>
          )}
          {connection.roleArn !== null && (
            <Text size="sm" c="dimmed">
              A new role is verified immediately. A role in another account starts imports for that
              account. Imported changes are kept.
            </Text>
          )}
        </Stack>
      </form>
    </>
  )
}
