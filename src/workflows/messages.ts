import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { RelinkState } from './relink-state.ts'
import type { RereadState } from './reread-state.ts'
import type { ConnectionState, ImportSummary, VerificationSummary } from './state.ts'

// The signals, queries and updates of the workflows. In a separate file, so that clients
// do not load the workflow.

/** The row has changed: read it again. Several signals have the same effect as one. */
export const changedSignal = defineSignal('changed')

/** The workflow's state. */
export const stateQuery = defineQuery<ConnectionState>('state')

/** Verifies the role now. Returns the result, whether or not the role passed. */
export const verifyNowUpdate = defineUpdate<VerificationSummary>('verifyNow')

/** Runs a cycle over all regions now. Returns its summary. */
export const importNowUpdate = defineUpdate<ImportSummary>('importNow')

/** The progress of the workflow that applies an organization's rules to stored changes. */
export const relinkProgressQuery = defineQuery<RelinkState>('progress')

/** The progress of the workflow that reads stored records again. */
export const rereadProgressQuery = defineQuery<RereadState>('progress')

/** Deliveries were stored. Several signals have the same effect as one. */
export const deliveriesStoredSignal = defineSignal('deliveriesStored')

/** The token was set, changed or removed, or a check was asked for. */
export const recoveryChangedSignal = defineSignal('recoveryChanged')
