import { Accordion } from '@mantine/core'
import { useState } from 'react'
import type { Connection, Verification } from '../../client.ts'
import type { CheckId } from '../../health/checks.ts'
import { isVerifying } from './queries.ts'
import { RoleArnForm } from './role-arn.tsx'
import { SetUp } from './set-up/set-up.tsx'
import { ToneIcon } from './status.tsx'
import { StepSection } from './step.tsx'
import { VerificationChecks } from './verification.tsx'

/** The setup steps. Completed steps collapse and can be opened again. */
export function Steps(props: {
  connection: Connection
  verification: Verification | undefined
  wasSetUp: boolean
}) {
  const { connection, verification, wasSetUp } = props
  const [choices, setChoices] = useState<Partial<Record<string, boolean>>>({})
  const hasRole = connection.roleArn !== null
  const passed = verification?.state === 'passed'
  // Only when known, so that the step does not open and close while the page loads.
  const isFailing = verification !== undefined && !passed
  const hasPassed = (id: CheckId) =>
    verification?.checks.some((check) => check.id === id && check.state === 'passed') ?? false
  const usual: Record<string, boolean> = {
    role: !hasRole,
    // Where the role cannot be used, its ARN may be wrong.
    arn: !hasRole || verification?.state === 'failed',
    verification: hasRole && (!wasSetUp || isFailing || isVerifying(connection.status)),
  }
  const isOpen = (step: string) => choices[step] ?? usual[step] ?? false
  const steps = Object.keys(usual)
  const onChange = (opened: string[]) => {
    const changed = steps.filter((step) => isOpen(step) !== opened.includes(step))
    setChoices({
      ...choices,
      ...Object.fromEntries(changed.map((step) => [step, opened.includes(step)])),
    })
  }
  const open = verification?.state === 'failed' ? failed : 3
  return (
    <Accordion
      multiple
      variant="separated"
      order={2}
      value={steps.filter(isOpen)}
      onChange={onChange}
      keepMounted={false}
    >
      <StepSection id="role" mark={hasPassed('assume_with_id') ? done : 1} title="Create the role">
        <SetUp connection={connection} />
      </StepSection>
      <StepSection
        id="arn"
        mark={hasPassed('identity') ? done : 2}
        title={hasRole ? 'Role ARN' : 'Paste the role ARN'}
        summary={connection.roleArn}
        isSticky={!hasRole}
      >
        <RoleArnForm connection={connection} onSaved={() => setChoices({})} />
      </StepSection>
      <StepSection
        id="verification"
        mark={passed ? done : open}
        title="Verification"
        summary={summary(connection, verification)}
      >
        <VerificationChecks connection={connection} verification={verification} />
      </StepSection>
    </Accordion>
  )
}

const done = <ToneIcon tone="good" size={20} />
const failed = <ToneIcon tone="action" size={20} />

function summary(connection: Connection, verification: Verification | undefined): string {
  if (connection.roleArn === null) return 'Requires a role'
  switch (verification?.state) {
    case 'passed':
      return 'Role access verified'
    case 'failed':
      return 'Verification failed'
    case 'waiting':
      return 'Waiting for AWS'
    default:
      return 'Verifying'
  }
}
