import { Accordion } from '@mantine/core'
import { IconAdjustments, IconUsers } from '@tabler/icons-react'
import type { Connection, Verification } from '../../client.ts'
import { counted } from '../../format.ts'
import { ImportSettings } from './import-settings.tsx'
import { StepSection } from './step.tsx'
import { TrustReviewForm } from './trust-review.tsx'

/** Optional sections below the steps. */
export function MoreSections(props: {
  connection: Connection
  verification: Verification | undefined
}) {
  const { connection, verification } = props
  return (
    <Accordion multiple variant="separated" order={2} keepMounted={false}>
      {verification && verification.notProvable.length > 0 && (
        <StepSection
          id="who"
          mark={<IconUsers size={20} />}
          title="Review the trust policy"
          summary="Check who else can assume the role"
        >
          {/* The review belongs to one role: another role starts without a result. */}
          <TrustReviewForm
            key={connection.roleArn}
            connection={connection}
            verification={verification}
          />
        </StepSection>
      )}
      <StepSection
        id="import"
        mark={<IconAdjustments size={20} />}
        title="Import settings"
        summary={wanted(connection)}
      >
        <ImportSettings connection={connection} />
      </StepSection>
    </Accordion>
  )
}

function wanted({ selection, lookbackDays }: Connection): string {
  const what = selection === 'all' ? 'All events, including reads' : 'Changes only'
  return `${what}, ${counted(lookbackDays, 'day')} of lookback`
}
