import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  isGrpcServiceError,
  makeGrpcRetryInterceptor,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common'
import type { Logger } from 'pino'
import type { connection as connectionWorkflow } from '../workflows/connection.ts'
import type { deliver as deliverWorkflow } from '../workflows/deliver.ts'
import { initialDeliverState } from '../workflows/deliver-state.ts'
import type { installation as installationWorkflow } from '../workflows/installation.ts'
import { markdownText } from '../workflows/markdown.ts'
import {
  changedSignal,
  deliveriesStoredSignal,
  importNowUpdate,
  recoveryChangedSignal,
  relinkProgressQuery,
  rereadProgressQuery,
  stateQuery,
  verifyNowUpdate,
} from '../workflows/messages.ts'
import type { recover as recoverWorkflow } from '../workflows/recover.ts'
import { initialRecoverState } from '../workflows/recover-state.ts'
import type { relink as relinkWorkflow } from '../workflows/relink.ts'
import { initialRelinkState, type RelinkState } from '../workflows/relink-state.ts'
import type { reread as rereadWorkflow } from '../workflows/reread.ts'
import { initialRereadState, type RereadState } from '../workflows/reread-state.ts'
import {
  accountKey,
  nameKey,
  organizationKey,
  searchableName,
} from '../workflows/search-attributes.ts'
import {
  type ConnectionRef,
  type ConnectionState,
  connectionWorkflowId,
  deliverWorkflowId,
  type ImportSummary,
  initialState,
  installationWorkflowId,
  type NamedConnectionRef,
  recoverWorkflowId,
  relinkWorkflowId,
  rereadWorkflowId,
  taskQueueOf,
  type VerificationSummary,
} from '../workflows/state.ts'
import { temporalReason, UpdateRefused, UpdateTimedOut, unavailable } from './errors.ts'
import { registerSearchAttributes, searchAttributeNames } from './search-attributes.ts'
import type { TemporalTarget } from './target.ts'

/** The operations of the API and the reconciler on connection workflows. */
export interface Workflows {
  /**
   * Signals a connection's workflow that its row has changed, and starts the workflow if there is
   * none. A workflow that has received as many signals as Temporal accepts is replaced. Never
   * throws: false means that the signal could not be sent, which is logged; the reconciler sends it
   * later. Each call to Temporal takes two seconds at most.
   */
  changed(ref: NamedConnectionRef): Promise<boolean>
  /**
   * Verifies the role now. A failed verification is a result, not an error.
   *
   * @throws TemporalUnavailable, UpdateRefused, UpdateTimedOut
   */
  verifyNow(ref: NamedConnectionRef, options?: { timeoutMs?: number }): Promise<VerificationSummary>
  /**
   * Imports from all regions now.
   *
   * @throws TemporalUnavailable, UpdateRefused, UpdateTimedOut
   */
  importNow(ref: NamedConnectionRef, options?: { timeoutMs?: number }): Promise<ImportSummary>
  /**
   * The state of the workflow; null if there is none. Requires a running worker.
   *
   * @throws TemporalUnavailable
   */
  state(ref: ConnectionRef): Promise<ConnectionState | null>
  /**
   * Whether Temporal has this installation's history: false before the first start, and after
   * Temporal has lost its database. `markHistory` records that it exists.
   *
   * @throws TemporalUnavailable
   */
  hasHistory(): Promise<boolean>
  /** @throws TemporalUnavailable */
  markHistory(): Promise<void>
  /**
   * Starts the workflow that reads stored records again, unless it runs already.
   *
   * @param versions the reader's version of each source
   * @throws TemporalUnavailable
   */
  startReread(versions: Record<string, number>): Promise<void>
  /**
   * The progress of the workflow that reads stored records again; null if it does not run. Requires
   * a running worker.
   *
   * @throws TemporalUnavailable
   */
  rereadProgress(): Promise<RereadState | null>
  /**
   * Starts the workflow that applies an organization's rules to its stored changes, unless it runs
   * already.
   *
   * @throws TemporalUnavailable
   */
  startRelink(organizationId: string): Promise<void>
  /**
   * The progress of the workflow that applies an organization's rules to its stored changes; null
   * if it does not run. Requires a running worker.
   *
   * @throws TemporalUnavailable
   */
  relinkProgress(organizationId: string): Promise<RelinkState | null>
  /**
   * Signals an organization's workflow that deliveries were stored, and starts the workflow if there
   * is none. Never throws: false means that the signal could not be sent, which is logged; the
   * starter in each worker sends it later.
   */
  deliver(organizationId: string): Promise<boolean>
  /**
   * Signals the workflow that finds an integration's missed deliveries, and starts it if there is
   * none. Never throws: false means that the signal could not be sent, which is logged; the starter
   * in each worker sends it later.
   */
  recover(ref: { organizationId: string; integrationId: string }): Promise<boolean>
  /** Whether Temporal responds within two seconds. */
  ping(): Promise<{ ok: true } | { ok: false; reason: string }>
  /** The URL of the workflow's page in Temporal's UI; null if the UI's URL is unknown. */
  uiUrl(ref: ConnectionRef): string | null
  /** For other calls. Connects on first use. */
  client: Client
  close(): Promise<void>
}

const callTimeoutMs = 2_000
/** A verification calls STS about five times and probes each region. */
const verifyTimeoutMs = 60_000
const importTimeoutMs = 60_000
/** Characters. Each takes four bytes at most. */
const MAX_NAME_IN_SUMMARY = 70
/** For an update that the server could not pass to the workflow. */
const UPDATE_ATTEMPTS = 5

/**
 * Connects lazily: it can be created while Temporal is unavailable, and calls succeed once it responds.
 *
 * @param options.installationId whose workflows these are, see `src/db/installation.ts`
 */
export function createWorkflows(
  target: TemporalTarget,
  options: { installationId: string; logger: Logger },
): Workflows {
  const { installationId, logger } = options
  const workflowIdOf = (ref: ConnectionRef) =>
    connectionWorkflowId(installationId, ref.connectionId)
  const taskQueue = taskQueueOf(installationId)
  const { namespace, uiUrl } = target
  const connection = Connection.lazy({
    ...target.connection,
    // gRPC waits up to two minutes before it reconnects, which is too long for users who wait.
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 500,
      'grpc.max_reconnect_backoff_ms': 2_000,
    },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 3 }))],
  })
  const client = new Client({ connection, namespace })

  // Calls that no request waits for. A call that is retried after its connection was closed would
  // end the process: grpc-js throws from a timer.
  const pending = new Set<Promise<unknown>>()
  let isClosed = false
  async function untilClosed<T>(start: () => Promise<T>): Promise<T> {
    if (isClosed) throw new Error('The connection to Temporal is closed')
    const call = start()
    pending.add(call)
    return call.finally(() => pending.delete(call))
  }

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
      // If Temporal's task queue fairness is enabled, organizations take turns.
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
    await client.withDeadline(Date.now() + callTimeoutMs, async () =>
      client.workflow.signalWithStart<typeof connectionWorkflow>('connection', {
        ...(await startOptions(ref)),
        signal: changedSignal,
      }),
    )
  }

  /** Terminates a run only if it accepts no further signals. */
  async function terminateFullRun(ref: ConnectionRef): Promise<void> {
    await client.withDeadline(Date.now() + callTimeoutMs, async () => {
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

  async function progressOf<State>(
    workflowId: string,
    query: QueryDefinition<State>,
  ): Promise<State | null> {
    const handle = client.workflow.getHandle(workflowId)
    try {
      return await client.withDeadline(Date.now() + callTimeoutMs, async () => {
        const { status } = await handle.describe()
        return status.name === 'RUNNING' ? handle.query(query) : null
      })
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null
      throw unavailable(error)
    }
  }

  return {
    client,
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
    verifyNow: (ref, { timeoutMs = verifyTimeoutMs } = {}) =>
      update(ref, verifyNowUpdate, timeoutMs),
    importNow: (ref, { timeoutMs = importTimeoutMs } = {}) =>
      update(ref, importNowUpdate, timeoutMs),
    async state(ref) {
      const handle = client.workflow.getHandle(workflowIdOf(ref))
      try {
        return await client.withDeadline(Date.now() + callTimeoutMs, () => handle.query(stateQuery))
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null
        throw unavailable(error)
      }
    },
    async hasHistory() {
      const handle = client.workflow.getHandle(installationWorkflowId(installationId))
      try {
        const { status } = await client.withDeadline(Date.now() + callTimeoutMs, () =>
          handle.describe(),
        )
        return status.name === 'RUNNING'
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false
        throw unavailable(error)
      }
    },
    async markHistory() {
      try {
        await client.withDeadline(Date.now() + callTimeoutMs, () =>
          client.workflow.start<typeof installationWorkflow>('installation', {
            workflowId: installationWorkflowId(installationId),
            taskQueue,
            workflowIdConflictPolicy: 'USE_EXISTING',
            staticSummary: 'Marks that Temporal has the history of this Cairn installation',
          }),
        )
      } catch (error) {
        throw unavailable(error)
      }
    },
    async startReread(versions) {
      const state = initialRereadState({ installationId, versions }, { now: new Date() })
      try {
        await client.withDeadline(Date.now() + callTimeoutMs, () =>
          client.workflow.start<typeof rereadWorkflow>('reread', {
            workflowId: rereadWorkflowId(installationId),
            taskQueue,
            args: [state],
            workflowIdConflictPolicy: 'USE_EXISTING',
            // The lowest: imports and verifications come first.
            priority: { priorityKey: 5 },
            staticSummary: 'Reads stored records again, because an older reader has read them',
          }),
        )
      } catch (error) {
        throw unavailable(error)
      }
    },
    rereadProgress: () => progressOf(rereadWorkflowId(installationId), rereadProgressQuery),
    async startRelink(organizationId) {
      const state = initialRelinkState({ installationId, organizationId }, { now: new Date() })
      try {
        await client.withDeadline(Date.now() + callTimeoutMs, () =>
          client.workflow.start<typeof relinkWorkflow>('relink', {
            workflowId: relinkWorkflowId(installationId, organizationId),
            taskQueue,
            args: [state],
            workflowIdConflictPolicy: 'USE_EXISTING',
            // Imports and verifications come first; rereading can wait longer.
            priority: { priorityKey: 4, fairnessKey: organizationId },
            staticSummary: `Applies the rules of organization ${organizationId} to its stored changes`,
          }),
        )
      } catch (error) {
        throw unavailable(error)
      }
    },
    relinkProgress: (organizationId) =>
      progressOf(relinkWorkflowId(installationId, organizationId), relinkProgressQuery),
    async deliver(organizationId) {
      try {
        await untilClosed(() =>
          client.withDeadline(Date.now() + callTimeoutMs, () =>
            client.workflow.signalWithStart<typeof deliverWorkflow>('deliver', {
              workflowId: deliverWorkflowId(installationId, organizationId),
              taskQueue,
              args: [initialDeliverState({ installationId, organizationId })],
              signal: deliveriesStoredSignal,
              priority: { fairnessKey: organizationId },
              staticSummary: `Translates webhook deliveries of organization ${organizationId}`,
            }),
          ),
        )
        return true
      } catch (error) {
        logger.warn(
          { organizationId, reason: temporalReason(error) },
          'Failed to signal stored deliveries to Temporal; the deliveries are translated later',
        )
        return false
      }
    },
    async recover({ organizationId, integrationId }) {
      try {
        await untilClosed(() =>
          client.withDeadline(Date.now() + callTimeoutMs, () =>
            client.workflow.signalWithStart<typeof recoverWorkflow>('recover', {
              workflowId: recoverWorkflowId(installationId, integrationId),
              taskQueue,
              args: [initialRecoverState({ installationId, organizationId, integrationId })],
              signal: recoveryChangedSignal,
              // Imports and verifications come first.
              priority: { priorityKey: 4, fairnessKey: organizationId },
              staticSummary: `Finds missed webhook deliveries of integration ${integrationId}`,
            }),
          ),
        )
        return true
      } catch (error) {
        logger.warn(
          { integrationId, reason: temporalReason(error) },
          'Failed to signal a check for missed deliveries to Temporal; it is signalled later',
        )
        return false
      }
    },
    async ping() {
      try {
        await connection.withDeadline(Date.now() + callTimeoutMs, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        return { ok: true }
      } catch (error) {
        return { ok: false, reason: temporalReason(error) }
      }
    },
    uiUrl(ref) {
      if (uiUrl === null) return null
      const id = encodeURIComponent(workflowIdOf(ref))
      return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${id}`
    },
    async close() {
      isClosed = true
      await Promise.allSettled(pending)
      await connection.close()
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
