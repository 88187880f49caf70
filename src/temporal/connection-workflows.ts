import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import type { UpdateDefinition } from '@temporalio/common'
import type { connection as connectionWorkflow } from '../workflows/connection.ts'
import { markdownText } from '../workflows/markdown.ts'
import {
  changedSignal,
  importNowUpdate,
  stateQuery,
  verifyNowUpdate,
} from '../workflows/messages.ts'
import {
  accountKey,
  nameKey,
  organizationKey,
  searchableName,
} from '../workflows/search-attributes.ts'
import {
  type ConnectionRef,
  connectionWorkflowId,
  initialState,
  type NamedConnectionRef,
} from '../workflows/state.ts'
import { temporalReason, UpdateRefused, UpdateTimedOut, unavailable } from './errors.ts'
import { registerSearchAttributes, searchAttributeNames } from './search-attributes.ts'
import { type TemporalSession, withinDeadline } from './session.ts'
import type { Workflows } from './workflows.ts'

/** A verification calls STS about five times and probes each region. */
const VERIFY_TIMEOUT_MS = 60_000
const IMPORT_TIMEOUT_MS = 60_000
/** Characters. Each takes four bytes at most. */
const MAX_NAME_IN_SUMMARY = 70
/** For an update that the server could not pass to the workflow. */
const UPDATE_ATTEMPTS = 5

/** The workflows of connections. */
export function connectionWorkflows(
  session: TemporalSession,
  options: { uiUrl: string | null },
): Pick<Workflows, 'changed' | 'verifyNow' | 'importNow' | 'state' | 'uiUrl'> {
  const { client, connection, namespace, installationId, taskQueue, logger } = session
  const { uiUrl } = options
  const workflowIdOf = (ref: ConnectionRef) =>
    connectionWorkflowId(installationId, ref.connectionId)

  let searchable = false
  let warned = false
  async function searchAttributes(): Promise<boolean> {
    searchable ||= await registerSearchAttributes(connection, namespace)
    if (!searchable && !warned) {
      warned = true
      logger.warn(
        {
          namespace,
          searchAttributes: searchAttributeNames,
        },
        'Temporal did not allow registering search attributes: workflows start without them',
      )
    }
    return searchable
  }

  async function startOptions(ref: NamedConnectionRef) {
    const withSearchAttributes = await searchAttributes()
    return {
      workflowId: workflowIdOf(ref),
      taskQueue,
      args: [
        initialState(ref, {
          installationId,
          searchAttributes: withSearchAttributes,
          now: new Date(),
        }),
      ] as Parameters<typeof connectionWorkflow>,
      workflowIdConflictPolicy: 'USE_EXISTING' as const,
      // Organizations take turns when slots are occupied. Activities and further runs inherit it.
      priority: { fairnessKey: ref.organizationId },
      typedSearchAttributes: withSearchAttributes ? searchAttributesAtStart(ref) : undefined,
      staticSummary: staticSummary(ref),
      staticDetails: staticDetails(ref),
    }
  }

  async function update<Result>(
    ref: NamedConnectionRef,
    definition: UpdateDefinition<Result>,
    timeoutMs: number,
  ): Promise<Result> {
    const deadline = Date.now() + timeoutMs
    // The same in each attempt, so that an update that was accepted is not executed twice.
    const updateId = randomUUID()
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.withDeadline(deadline, async () =>
          client.workflow.executeUpdateWithStart(definition, {
            updateId,
            startWorkflowOperation: new WithStartWorkflowOperation<typeof connectionWorkflow>(
              'connection',
              await startOptions(ref),
            ),
          }),
        )
      } catch (error) {
        if (error instanceof WorkflowUpdateFailedError)
          throw new UpdateRefused(error.cause?.message ?? error.message, { cause: error })
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)
          throw new UpdateTimedOut(`No response within ${timeoutMs / 1000} s`, { cause: error })
        if (!wasLostWithItsTask(error) || attempt === UPDATE_ATTEMPTS) throw unavailable(error)
        await sleep(100 * attempt)
      }
    }
  }

  async function signal(ref: NamedConnectionRef): Promise<void> {
    await withinDeadline(session, async () =>
      client.workflow.signalWithStart<typeof connectionWorkflow>('connection', {
        ...(await startOptions(ref)),
        signal: changedSignal,
      }),
    )
  }

  /** Terminates a run only if it accepts no further signals. */
  async function terminateFullRun(ref: ConnectionRef): Promise<void> {
    await withinDeadline(session, async () => {
      const { runId } = await client.workflow.getHandle(workflowIdOf(ref)).describe()
      const run = client.workflow.getHandle(workflowIdOf(ref), runId)
      try {
        // Another process may have replaced the full run already: then this signal is accepted.
        await run.signal(changedSignal).catch(async (error) => {
          if (!hasTooManySignals(error)) throw error
          logger.warn(
            { connectionId: ref.connectionId, runId },
            'Replacing a workflow that accepts no more signals',
          )
          await run.terminate('It accepts no more signals. The next run reads the row.')
        })
      } catch (error) {
        // The run has ended in the meantime.
        if (!(error instanceof WorkflowNotFoundError)) throw error
      }
    })
  }

  return {
    async changed(ref) {
      try {
        await signal(ref).catch(async (error) => {
          if (!hasTooManySignals(error)) throw error
          await terminateFullRun(ref)
          await signal(ref)
        })
        return true
      } catch (error) {
        logger.warn(
          { connectionId: ref.connectionId, reason: temporalReason(error) },
          'Failed to signal a change to Temporal; the reconciler will retry',
        )
        return false
      }
    },
    verifyNow: (ref, { timeoutMs = VERIFY_TIMEOUT_MS } = {}) =>
      update(ref, verifyNowUpdate, timeoutMs),
    importNow: (ref, { timeoutMs = IMPORT_TIMEOUT_MS } = {}) =>
      update(ref, importNowUpdate, timeoutMs),
    async state(ref) {
      const handle = client.workflow.getHandle(workflowIdOf(ref))
      try {
        return await withinDeadline(session, () => handle.query(stateQuery))
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null
        throw unavailable(error)
      }
    },
    uiUrl(ref) {
      if (uiUrl === null) return null
      const id = encodeURIComponent(workflowIdOf(ref))
      return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${id}`
    },
  }
}

function searchAttributesAtStart({ organizationId, name, accountId }: NamedConnectionRef) {
  return [
    { key: organizationKey, value: organizationId },
    ...(name === undefined ? [] : [{ key: nameKey, value: searchableName(name) }]),
    ...(accountId ? [{ key: accountKey, value: accountId }] : []),
  ]
}

/**
 * The line of Temporal's workflow list: the name of the connection, and its account if known. At most
 * 400 bytes, Temporal's limit.
 * https://github.com/temporalio/temporal/blob/v1.32.0/common/dynamicconfig/constants.go `limit.userMetadataSummarySize`
 */
function staticSummary({ connectionId, name, accountId }: NamedConnectionRef): string {
  const account = accountId ? ` (AWS account ${accountId})` : ''
  if (name === undefined) return `Imports changes from one AWS account: connection ${connectionId}`
  return `Imports changes from ${markdownText(name, MAX_NAME_IN_SUMMARY)}${account}`
}

/** Static details for Temporal's UI, which shows them beside the workflow's current details. */
function staticDetails(ref: ConnectionRef): string {
  return [
    `Organization \`${ref.organizationId}\`, connection \`${ref.connectionId}\`.`,
    '',
    'This workflow imports changes from one AWS account: it waits for a role, verifies the role,',
    'then imports in cycles. Pause, resume or delete the connection in Cairn.',
    '**Cancelling or terminating this workflow does not stop the connection**: Cairn restarts the workflow.',
  ].join('\n')
}

/**
 * Whether Temporal has rejected a signal because the run has received the maximum number:
 * `history.maximumSignalsPerExecution`, 10,000 by default. Only this error terminates a run.
 * https://github.com/temporalio/temporal/blob/v1.32.0/common/constants.go `ErrSignalsLimitExceeded`
 */
function hasTooManySignals(error: unknown): boolean {
  return temporalReason(error).includes('exceeded workflow execution limit for signal events')
}

/**
 * Whether an update was not accepted because the workflow task that it arrived with failed: a signal
 * came while the run continued as new. The next attempt reaches the next run. The details of the
 * status name it, in the answer to the update as part of a start as well:
 * https://github.com/temporalio/api/blob/master/temporal/api/errordetails/v1/message.proto `WorkflowNotReadyFailure`
 */
function wasLostWithItsTask(error: unknown): boolean {
  return (
    isGrpcServiceError(error) &&
    error.metadata
      .get('grpc-status-details-bin')
      .some((details) => details.includes('errordetails.v1.WorkflowNotReadyFailure'))
  )
}
