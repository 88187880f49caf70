import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { ConnectionState, ImportSummary, VerificationSummary } from './state.ts'

// The signals, queries and updates of a connection's workflow. Separate from it, so that a client
// does not load it.

/** The row has changed: read it again. Any number of them is the same as one. */
export const changedSignal = defineSignal('changed')

/** What the workflow knows. */
export const stateQuery = defineQuery<ConnectionState>('state')

/** Verifies the role now; returns the result, passed or not. */
export const verifyNowUpdate = defineUpdate<VerificationSummary>('verifyNow')

/** Runs a cycle over every region now; returns its summary. */
export const importNowUpdate = defineUpdate<ImportSummary>('importNow')
