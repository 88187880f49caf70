import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { ConnectionState, ImportSummary, VerificationSummary } from './state.ts'

// What a connection's workflow can be told and asked. Apart from the workflow, so that a client
// does not load it.

/** The row has changed: read it again. Any number of them is the same as one. */
export const changedSignal = defineSignal('changed')

/** What the workflow knows. */
export const stateQuery = defineQuery<ConnectionState>('state')

/** Verifies the role at once; answers what was found, passed or not. */
export const verifyNowUpdate = defineUpdate<VerificationSummary>('verifyNow')

/** Runs a cycle over every region at once; answers what it did. */
export const importNowUpdate = defineUpdate<ImportSummary>('importNow')
