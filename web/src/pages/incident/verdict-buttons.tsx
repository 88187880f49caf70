import { Button, Group } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { setVerdict, type Verdict } from '../../client.ts'
import { incidentQuery } from './queries.ts'

type Kind = Verdict['verdict']

const labels: Record<Kind, string> = {
  caused: 'Caused it',
  suspect: 'Suspect',
  dismissed: 'Dismiss',
  fixed: 'Fixed it',
}

/** What a person decides about a change. Clicking the chosen one again withdraws it. */
export function VerdictButtons(props: {
  incidentId: string
  changeId: string
  summary: string
  kinds: readonly Kind[]
  verdicts: readonly Verdict[]
}) {
  const { incidentId, changeId, verdicts } = props
  const client = useQueryClient()
  const decide = useMutation({
    mutationFn: (verdict: Kind | null) => setVerdict(incidentId, changeId, { verdict }),
    onSuccess: (incident) => client.setQueryData(incidentQuery(incidentId).queryKey, incident),
    meta: { errorTitle: 'Cannot save the verdict' },
  })
  const current = verdicts.find((each) => each.changeId === changeId)
  return (
    <Group gap={4} role="group" aria-label={`Verdict on: ${props.summary.slice(0, 120)}`}>
      {props.kinds.map((kind) => {
        const isChosen = current?.verdict === kind
        return (
          <Button
            key={kind}
            size="compact-xs"
            variant={isChosen ? 'filled' : 'default'}
            aria-pressed={isChosen}
            disabled={decide.isPending}
            title={isChosen && current.by ? `Decided by ${current.by}` : undefined}
            onClick={() => decide.mutate(isChosen ? null : kind)}
          >
            {labels[kind]}
          </Button>
        )
      })}
    </Group>
  )
}
