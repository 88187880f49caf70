import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { fieldErrorAt } from '../../api.ts'
import { type Connection, reviewTrust, type TrustReview, type Verification } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { FormError } from '../../components/form-error.tsx'
import { visible } from '../../components/json.ts'

/** Reviews a pasted trust policy, which Cairn cannot read itself. It is not stored. */
export function TrustReviewForm(props: {
  connection: Connection
  verification: Verification | undefined
}) {
  const { connection, verification } = props
  const [role, setRole] = useState('')
  const review = useMutation({ mutationFn: () => reviewTrust(connection.id, { role }) })
  const whoElse = verification?.notProvable.find(({ id }) => id === 'who_else')
  if (!whoElse) return null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    review.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{whoElse.means}</Text>
        <Snippet text={whoElse.command} label="Command to show the role" />
        <Textarea
          label="Command output"
          description="Cairn does not store it."
          value={role}
          onChange={(event) => {
            setRole(event.currentTarget.value)
            review.reset()
          }}
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          error={fieldErrorAt(review.error, '/role')}
        />
        <Group>
          <Button
            type="submit"
            variant="default"
            loading={review.isPending}
            disabled={!role.trim()}
          >
            Review
          </Button>
        </Group>
        <FormError error={review.error} fields={['role']} />
        <div role="status">{review.data && <Review review={review.data} />}</div>
      </Stack>
    </form>
  )
}

const verdicts = {
  safe: { title: 'Safe', color: 'teal', Icon: IconCircleCheck },
  unsafe: { title: 'Not safe', color: 'red', Icon: IconAlertTriangle },
  unclear: { title: 'Review manually', color: 'yellow', Icon: IconInfoCircle },
  another_role: { title: 'Different role', color: 'yellow', Icon: IconInfoCircle },
}

const judgments = {
  expected: 'Expected',
  wider: 'Too broad',
  other: 'Other principal',
  dangerous: 'Dangerous',
}

function Review({ review }: { review: TrustReview }) {
  const { title, color, Icon } = verdicts[review.verdict]
  return (
    <Stack gap="sm">
      <Alert color={color} variant="light" icon={<Icon aria-hidden />} title={title}>
        <span className="from-aws">{visible(review.summary)}</span>
      </Alert>
      {review.trusted.map((one, index) => (
        // Entries have no ID, and the list never changes.
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Stack key={index} gap={2}>
          <Text size="sm" fw={600} className="from-aws">
            {judgments[one.judgment]}: {visible(one.who)}
          </Text>
          <Text size="sm" className="from-aws">
            {visible(one.means)}
          </Text>
          <Text size="sm" c="dimmed" className="from-aws">
            {visible(one.how)}
          </Text>
          {one.remedy && <Snippet text={one.remedy} label="Suggested policy" />}
        </Stack>
      ))}
      {review.notes.map((note) => (
        <Text key={note} size="sm" className="from-aws">
          {visible(note)}
        </Text>
      ))}
      {review.remedy && (
        <>
          <Text size="sm" fw={600}>
            Trust policy for Cairn only
          </Text>
          <Snippet text={review.remedy} label="Trust policy for Cairn only" />
        </>
      )}
    </Stack>
  )
}
