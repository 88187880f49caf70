import { Accordion, Group, Loader, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconCircleDashed, IconCircleX, IconClock } from '@tabler/icons-react'
import type { Verification } from '../../client.ts'
import { answerOf, type CheckId, type GroupResult, questions } from '../../health/checks.ts'
import { type Check, CheckDetails, legible } from './check-details.tsx'

const words: Record<GroupResult, string> = {
  passed: 'Passed',
  failed: 'Failed',
  running: 'Checking',
  waiting: 'Waiting for AWS',
  unknown: 'Not checked',
}

/** Checks without a result are skipped once the verification has ended. */
function labelOf(answer: GroupResult, verification: Verification | undefined): string {
  const hasEnded = verification?.state === 'failed' || verification?.state === 'waiting'
  return answer === 'unknown' && hasEnded ? 'Skipped' : words[answer]
}

/** The three groups of checks, each with the AWS responses. */
export function CheckGroups(props: {
  verification: Verification | undefined
  /** No check has been reported yet: the first group is shown as in progress. */
  isBeginning: boolean
  /** Which groups the user has opened or closed. Failed ones are open otherwise. */
  choices: Partial<Record<string, boolean>>
  onChoose: (choices: Partial<Record<string, boolean>>) => void
}) {
  const { verification, choices } = props
  const answers = questions.map((question) => {
    const answer = answerOf(question, verification)
    const begins = answer === 'unknown' && question.id === 'in' && props.isBeginning
    return { ...question, answer: begins ? ('running' as const) : answer }
  })
  const isOpen = (id: string, answer: GroupResult) => choices[id] ?? answer === 'failed'
  return (
    <Accordion
      multiple
      variant="contained"
      // Open items contain code blocks with the background color that open items usually have.
      styles={{ item: { backgroundColor: 'transparent' } }}
      order={3}
      keepMounted={false}
      value={answers.filter(({ id, answer }) => isOpen(id, answer)).map(({ id }) => id)}
      onChange={(opened) =>
        props.onChoose(Object.fromEntries(questions.map(({ id }) => [id, opened.includes(id)])))
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
                {labelOf(answer, verification)}
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

function AnswerIcon({ answer }: { answer: GroupResult }) {
  if (answer === 'running') return <Loader size={20} aria-hidden />
  const [Icon, color] = {
    passed: [IconCircleCheck, 'teal'] as const,
    failed: [IconCircleX, 'red'] as const,
    waiting: [IconClock, 'yellow'] as const,
    unknown: [IconCircleDashed, 'gray'] as const,
  }[answer]
  return <Icon size={22} aria-hidden color={legible(color)} />
}
