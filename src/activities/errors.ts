import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import type { AwsProblem } from '../aws/errors.ts'
import { isDatabaseUnavailable } from '../db/database.ts'
import { OrganizationBusy } from '../db/organization-queue.ts'
import { ConnectionChanged, RoleRefused, VerificationRequired } from '../workflows/state.ts'

/** The role cannot be used: verification reports why. Expected, so it is not logged as an error. */
export function roleRefused(reason: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: RoleRefused,
    message: reason,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  })
}

/** No verdict permits an import from this role: the workflow verifies it immediately. Expected. */
export function verificationRequired(reason: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: VerificationRequired,
    message: reason,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  })
}

/** The row has changed since this call was made: the workflow reads it again. */
export function connectionChanged(reason: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: ConnectionChanged,
    message: reason,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  })
}

/**
 * This database has no such row. It may be a copy or a restored backup while another database has
 * the row, so Temporal retries and the workflow does not end.
 */
export function connectionMissing(connectionId: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'ConnectionMissing',
    message: `This database has no connection ${connectionId}. If no other database has it either, terminate this workflow.`,
  })
}

/**
 * The work belongs to another database: Temporal retries until a worker of that database receives
 * it.
 */
export function otherInstallation(own: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'OtherInstallation',
    message: `This worker serves the installation ${own}: its database has another id than this workflow.`,
  })
}

/** A newer worker started the workflow: Temporal retries until one receives the work. */
export function olderReader(
  source: string,
  { own, version }: { own: number; version: number },
): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'OlderReader',
    message: `This worker reads ${source} with version ${own} of its reader, but version ${version} is required. Upgrade all workers.`,
  })
}

/**
 * Classifies a failed call to STS for a whole cycle: a denied role leads to a verification, and
 * transient failures are left to Temporal's retries.
 */
export function sessionFailure(problem: AwsProblem): ApplicationFailure {
  switch (problem.kind) {
    case 'denied':
    case 'not_enabled':
    case 'expired':
    case 'no_credentials':
    case 'rejected':
      return roleRefused(`${problem.code}: ${problem.message}`)
    default:
      return ApplicationFailure.create({
        type: problem.code,
        message: problem.message,
        category: ApplicationFailureCategory.BENIGN,
        nextRetryDelay: problem.kind === 'throttled' ? '10s' : undefined,
      })
  }
}

/**
 * Replaces an unexpected error on the connection's page and in Temporal's UI. Messages of drivers
 * and parsers are only logged. Retryable, like the error itself.
 */
export function unexpectedFailure(error: unknown): ApplicationFailure {
  const { code, name = 'Error' } = (error ?? {}) as Partial<Error & { code: string }>
  if (error instanceof OrganizationBusy) {
    return ApplicationFailure.create({
      type: name,
      message:
        'Other work of this organization uses its share of database connections. Cairn retries.',
    })
  }
  const isDatabase = /^[0-9A-Z]{5}$/.test(String(code))
  return ApplicationFailure.create({
    type: name,
    message: isDatabaseUnavailable(error)
      ? 'Postgres does not respond. Cairn retries.'
      : `Unexpected ${isDatabase ? 'Postgres error' : 'error'}. Cairn retries. The worker's log has the details.`,
  })
}
