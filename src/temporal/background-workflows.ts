import { WorkflowNotFoundError } from '@temporalio/client'
import type { Priority, QueryDefinition, SignalDefinition } from '@temporalio/common'
import { initialDeliverState } from '../workflows/deliver-state.ts'
import {
  deliveriesStoredSignal,
  recoveryChangedSignal,
  relinkProgressQuery,
  rereadProgressQuery,
} from '../workflows/messages.ts'
import { initialRecoverState } from '../workflows/recover-state.ts'
import { initialRelinkState } from '../workflows/relink-state.ts'
import { initialRereadState } from '../workflows/reread-state.ts'
import {
  deliverWorkflowId,
  installationWorkflowId,
  recoverWorkflowId,
  relinkWorkflowId,
  rereadWorkflowId,
} from '../workflows/state.ts'
import { temporalReason, unavailable } from './errors.ts'
import { type TemporalSession, withinDeadline } from './session.ts'
import type { Workflows } from './workflows.ts'

/** Calls that no request waits for end before the connection is closed. */
type UntilClosed = <T>(call: () => Promise<T>) => Promise<T>

/** The workflows of the installation, of organizations and of integrations. */
export function backgroundWorkflows(
  session: TemporalSession,
  untilClosed: UntilClosed,
): Pick<
  Workflows,
  | 'hasHistory'
  | 'markHistory'
  | 'startReread'
  | 'rereadProgress'
  | 'startRelink'
  | 'relinkProgress'
  | 'deliver'
  | 'recover'
> {
  const { client, installationId, taskQueue, logger } = session

  /** @throws TemporalUnavailable */
  async function start(
    type: string,
    options: { workflowId: string; args: unknown[]; priority?: Priority; staticSummary: string },
  ): Promise<void> {
    try {
      await withinDeadline(session, () =>
        client.workflow.start(type, {
          ...options,
          taskQueue,
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      )
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** @returns false, after logging `failure`, if the signal could not be sent */
  async function signalWithStart(
    type: string,
    options: {
      workflowId: string
      args: unknown[]
      signal: SignalDefinition
      priority: Priority
      staticSummary: string
    },
    failure: { message: string; [field: string]: string },
  ): Promise<boolean> {
    try {
      await untilClosed(() =>
        withinDeadline(session, () =>
          client.workflow.signalWithStart(type, { ...options, taskQueue }),
        ),
      )
      return true
    } catch (error) {
      const { message, ...fields } = failure
      logger.warn({ ...fields, reason: temporalReason(error) }, message)
      return false
    }
  }

  async function progressOf<State>(
    workflowId: string,
    query: QueryDefinition<State>,
  ): Promise<State | null> {
    const handle = client.workflow.getHandle(workflowId)
    try {
      return await withinDeadline(session, async () => {
        const { status } = await handle.describe()
        return status.name === 'RUNNING' ? handle.query(query) : null
      })
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null
      throw unavailable(error)
    }
  }

  return {
    async hasHistory() {
      const handle = client.workflow.getHandle(installationWorkflowId(installationId))
      try {
        const { status } = await withinDeadline(session, () => handle.describe())
        return status.name === 'RUNNING'
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false
        throw unavailable(error)
      }
    },
    markHistory: () =>
      start('installation', {
        workflowId: installationWorkflowId(installationId),
        args: [],
        staticSummary: 'Marks that Temporal has the history of this Cairn installation',
      }),
    startReread: (versions) =>
      start('reread', {
        workflowId: rereadWorkflowId(installationId),
        args: [initialRereadState({ installationId, versions }, { now: new Date() })],
        // The lowest: imports and verifications come first.
        priority: { priorityKey: 5 },
        staticSummary: 'Reads stored records again, because an older reader has read them',
      }),
    rereadProgress: () => progressOf(rereadWorkflowId(installationId), rereadProgressQuery),
    startRelink: (organizationId) =>
      start('relink', {
        workflowId: relinkWorkflowId(installationId, organizationId),
        args: [initialRelinkState({ installationId, organizationId }, { now: new Date() })],
        // Imports and verifications come first; rereading can wait longer.
        priority: { priorityKey: 4, fairnessKey: organizationId },
        staticSummary: `Applies the rules of organization ${organizationId} to its stored changes`,
      }),
    relinkProgress: (organizationId) =>
      progressOf(relinkWorkflowId(installationId, organizationId), relinkProgressQuery),
    deliver: (organizationId) =>
      signalWithStart(
        'deliver',
        {
          workflowId: deliverWorkflowId(installationId, organizationId),
          args: [initialDeliverState({ installationId, organizationId })],
          signal: deliveriesStoredSignal,
          priority: { fairnessKey: organizationId },
          staticSummary: `Translates webhook deliveries of organization ${organizationId}`,
        },
        {
          organizationId,
          message:
            'Failed to signal stored deliveries to Temporal; the deliveries are translated later',
        },
      ),
    recover: ({ organizationId, integrationId }) =>
      signalWithStart(
        'recover',
        {
          workflowId: recoverWorkflowId(installationId, integrationId),
          args: [initialRecoverState({ installationId, organizationId, integrationId })],
          signal: recoveryChangedSignal,
          // Imports and verifications come first.
          priority: { priorityKey: 4, fairnessKey: organizationId },
          staticSummary: `Finds missed webhook deliveries of integration ${integrationId}`,
        },
        {
          integrationId,
          message:
            'Failed to signal a check for missed deliveries to Temporal; it is signalled later',
        },
      ),
  }
}
