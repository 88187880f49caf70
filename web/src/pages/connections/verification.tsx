import { Accordion, Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconClock,
} from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Connection, type Verification, verifyConnection } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { FormError } from '../../components/form-error.tsx'
import { visible } from '../../components/json.ts'
import { type Answer, answerOf, type CheckId, questions } from '../../health/checks.ts'
import { Time } from '../../time.tsx'
import { Prose } from './prose.tsx'
import { isVerifying } from './queries.ts'

type Check = Verification['checks'][number]

const words: Record<Answer, string> = {
  passed: 'Passed',
  failed: 'Failed',
  running: 'Checking',
  waiting: 'Waiting for AWS',
  unknown: 'Not checked',
}

/** The three groups of checks, each with the AWS responses. */
export function VerificationChecks(props: {
  connection: Connection
  verification: Verification | undefined
}) {
  const { connection, verification } = props
  const client = useQueryClient()
  const [choices, setChoices] = useState<Partial<Record<string, boolean>>>({})
  const verify = useMutation({
    mutationFn: () => verifyConnection(connection.id),
    onMutate: () => setChoices({}),
    onSuccess: (found) =>
      client.setQueryData(['connections', connection.id, 'verification'], found),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections', connection.id] }),
  })
  const isPaused = connection.status === 'paused'
  const isBusy = verify.isPending || verification?.state === 'running'
  const answers = questions.map((question) => {
    const answer = answerOf(question, verification)
    // Until the first check is reported, the first group is in progress.
    const begins = answer === 'unknown' && question.id === 'in' && !isPaused && isWaited(props)
    return { ...question, answer: begins ? ('running' as const) : answer }
  })
  const isOpen = (id: string, answer: Answer) => choices[id] ?? answer === 'failed'
  return (
    <Stack gap="sm">
      <Accordion
        multiple
        variant="contained"
        // Open items contain code blocks with the background color that open items usually have.
        styles={{ item: { backgroundColor: 'transparent' } }}
        order={3}
        keepMounted={false}
        value={answers.filter(({ id, answer }) => isOpen(id, answer)).map(({ id }) => id)}
        onChange={(opened) =>
          setChoices(Object.fromEntries(questions.map(({ id }) => [id, opened.includes(id)])))
        }
      >
        {answers.map(({ id, title, checks, answer }) => (
          <Accordion.Item key={id} value={id}>
            <Accordion.Control icon={<AnswerIcon answer={answer} />}>
              <Group justify="space-between" gap={4}>
                <Text component="span" fw={600}>
                  {title}
                </Text>
                <Text component="span" size="sm" mr="xs" role="status">
                  {words[answer]}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap="md">
                {checks.map((check) => (
                  <CheckDetails
                    key={check}
                    id={check}
                    check={withoutRepeats(verification, checks, check)}
                  />
                ))}
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
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
      <FormError error={verify.error} />
      <Group gap="sm">
        <Button
          variant="default"
          loading={isBusy}
          disabled={isPaused || connection.roleArn === null}
          onClick={() => verify.mutate()}
        >
          Verify now
        </Button>
        <Text size="sm" c="dimmed">
          {isPaused && 'Resume the connection first.'}
          {!isPaused && verification?.verifiedAt && (
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

/** One policy can fix several checks. It is shown only with the first of them. */
function withoutRepeats(
  verification: Verification | undefined,
  group: readonly CheckId[],
  id: CheckId,
): Check | undefined {
  const found = verification?.checks ?? []
  const check = found.find((one) => one.id === id)
  if (!check) return undefined
  const before = group.slice(0, group.indexOf(id))
  const shown = found
    .filter((one) => before.includes(one.id))
    .flatMap(({ snippets }) => snippets.map(({ text }) => text))
  return { ...check, snippets: check.snippets.filter(({ text }) => !shown.includes(text)) }
}

function isWaited(props: { connection: Connection; verification: Verification | undefined }) {
  const { connection, verification } = props
  return isVerifying(connection.status) && (verification?.checks.length ?? 0) === 0
}

function AnswerIcon({ answer }: { answer: Answer }) {
  if (answer === 'running') return <Loader size={20} aria-hidden />
  const [Icon, color] = {
    passed: [IconCircleCheck, 'teal'] as const,
    failed: [IconCircleX, 'red'] as const,
    waiting: [IconClock, 'yellow'] as const,
    unknown: [IconCircleDashed, 'gray'] as const,
  }[answer]
  return <Icon size={22} aria-hidden color={legible(color)} />
}

const legible = (color: string) =>
  `light-dark(var(--mantine-color-${color}-8), var(--mantine-color-${color}-4))`

const titles: Record<CheckId, string> = {
  arn_format: 'Valid role ARN',
  account_unused: 'Account not connected twice',
  assume_with_id: 'Cairn can assume the role with the external ID',
  identity: 'Session belongs to the role',
  refused_without_id: 'Access denied without the external ID',
  refused_wrong_id: 'Access denied with a wrong external ID',
  lookup_events: 'CloudTrail events are readable',
  trails: 'Trails (optional)',
}

const states = {
  passed: { word: 'Passed', Icon: IconCircleCheck, color: 'teal' },
  failed: { word: 'Failed', Icon: IconCircleX, color: 'red' },
  waiting: { word: 'Waiting', Icon: IconClock, color: 'yellow' },
  skipped: { word: 'Skipped', Icon: IconCircleMinus, color: 'gray' },
}

function CheckDetails({ id, check }: { id: CheckId; check: Check | undefined }) {
  const { word, Icon, color } = check
    ? states[check.state]
    : { word: 'Skipped', Icon: IconCircleDashed, color: 'gray' }
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden color={legible(color)} style={{ flexShrink: 0, marginTop: 2 }} />
      <Stack gap={4} flex={1} miw={0}>
        <Text size="sm" fw={600}>
          {titles[id]}
          {check?.region && ` (${check.region})`}: {word.toLowerCase()}
        </Text>
        {check ? (
          <>
            <Text size="sm">
              <Prose text={check.means} />
            </Text>
            {check.saw && (
              <Text size="sm" c="dimmed" className="from-aws" lineClamp={12}>
                AWS response: {visible(check.saw)}
              </Text>
            )}
            {check.remedy && (
              <Text size="sm">
                <b>How to fix:</b> <Prose text={check.remedy} />
              </Text>
            )}
            {check.snippets.map(({ title, text }) => (
              <Stack key={title} gap={4} mt={4}>
                <Text size="sm" fw={500}>
                  {title}
                </Text>
                <Snippet text={text} label={title} maxHeight={300} />
              </Stack>
            ))}
          </>
        ) : (
          <Text size="sm" c="dimmed">
            Skipped: an earlier check did not pass.
          </Text>
        )}
      </Stack>
    </Group>
  )
}
