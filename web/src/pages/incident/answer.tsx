import { Skeleton, Stack, Text, Title } from '@mantine/core'
import { useThrottledCallback } from '@mantine/hooks'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import type { IncidentAnswer, Verdict } from '../../client.ts'
import { Words } from '../../components/breakable.tsx'
import { ErrorState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { useNewChanges } from '../../live.ts'
import { oneAtATime, refetchChanged } from '../../refresh.ts'
import { Time } from '../../time.tsx'
import { arrangeSuspects, conclude, type Moment } from './arrange.ts'
import { CompletenessLine } from './completeness.tsx'
import { CopyReport } from './copy-report.tsx'
import classes from './incident.module.css'
import { answerQuery, type Subject } from './queries.ts'
import { CANNOT_SEE } from './report.ts'
import { Responses } from './responses.tsx'
import type { WindowSearch } from './search.ts'
import { type RowContext, Suspects } from './suspects.tsx'
import { Timeline } from './timeline.tsx'

interface Props {
  subject: Subject
  search: WindowSearch
  onMove: (search: WindowSearch) => void
  title: string
  noticedAt: string
  environmentId: string | null
  openedAt: string
  moments: readonly Moment[]
  verdicts: readonly Verdict[]
}

/** What changed before it broke: completeness first, then one sentence, suspects and all changes. */
export function Answer(props: Props) {
  const client = useQueryClient()
  const query = useInfiniteQuery(answerQuery(props.subject, props.search))
  // Ranking reads 72 hours, so a burst of changes must not repeat it each time.
  const rankAgain = useMemo(
    () => oneAtATime(() => refetchChanged(client, { queryKey: ['incidents', 'answer'] })),
    [client],
  )
  const refresh = useThrottledCallback(rankAgain, 3_000)
  useNewChanges(refresh, refresh)
  if (query.isPending) return <AnswerSkeleton />
  if (query.isError && !query.data) {
    return <ErrorState error={query.error} retry={() => query.refetch()} />
  }
  const { pages } = query.data
  return (
    <Loaded
      {...props}
      answer={pages[0]!}
      changes={pages.flatMap(({ timeline }) => timeline.items)}
      more={{
        has: query.hasNextPage,
        isLoading: query.isFetchingNextPage,
        load: () => void query.fetchNextPage(),
      }}
    />
  )
}

type LoadedProps = Props & {
  answer: IncidentAnswer
  changes: IncidentAnswer['timeline']['items']
  more: { has: boolean; isLoading: boolean; load: () => void }
}

function Loaded(props: LoadedProps) {
  const { answer, subject, verdicts } = props
  const { shown, dismissed } = arrangeSuspects(answer.suspects, verdicts)
  const { sentence, isExplained } = conclude(answer, verdicts)
  const context: RowContext = {
    incidentId: 'id' in subject ? subject.id : undefined,
    noticedAt: props.noticedAt,
    openedAt: props.openedAt,
    verdicts,
  }
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <CompletenessLine completeness={answer.completeness} />
        <Text className={classes.sentence} component="p" my={0} data-testid="sentence">
          <bdi>
            <Words text={sentence} />
          </bdi>
        </Text>
        {!isExplained && <NotExplained answer={answer} />}
        <CopyReport
          environmentId={props.environmentId}
          report={{
            title: props.title,
            noticedAt: props.noticedAt,
            answer: { ...answer, sentence },
            suspects: isExplained ? shown : [],
          }}
        />
      </Stack>
      {shown.length > 0 && (
        <Section title={isExplained ? 'Suspects' : 'Closest candidates'}>
          <Suspects suspects={shown} label="Suspects" isExplained={isExplained} context={context} />
          {dismissed > 0 && <Text size="sm">{dismissed} dismissed.</Text>}
        </Section>
      )}
      {answer.responses.length > 0 && (
        <Section title="After the alert">
          <Responses responses={answer.responses} context={context} />
        </Section>
      )}
      <Section title="Timeline">
        <Timeline
          window={answer.timeline}
          changes={props.changes}
          moments={props.moments}
          named={new Set(shown.map(({ changeId }) => changeId))}
          openedAt={props.openedAt}
          search={props.search}
          onMove={props.onMove}
          more={props.more}
        />
      </Section>
    </Stack>
  )
}

function NotExplained({ answer: { searched } }: { answer: IncidentAnswer }) {
  return (
    <Text size="sm">
      Searched {counted(searched.candidates, 'change')} of all environments from{' '}
      <Time at={searched.from} /> to <Time at={searched.to} />. {CANNOT_SEE}
    </Text>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {children}
    </section>
  )
}

function AnswerSkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      <Skeleton height={18} width="45%" />
      <Skeleton height={28} width="80%" />
      <Skeleton height={110} />
      <Skeleton height={110} />
    </Stack>
  )
}
