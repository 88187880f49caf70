import { defineSearchAttributeKey } from '@temporalio/common'

// The search attributes by which operators find connection workflows in Temporal's UI and CLI.

export const organizationKey = defineSearchAttributeKey('CairnOrganization', 'KEYWORD')
/** The AWS account ID, if known. */
export const accountKey = defineSearchAttributeKey('CairnAccount', 'KEYWORD')
/**
 * The name of the connection. Set by the client at start if it knows it, then by the workflow from
 * the row: the reconciler may not read names.
 */
export const nameKey = defineSearchAttributeKey('CairnConnectionName', 'KEYWORD')
export const statusKey = defineSearchAttributeKey('CairnStatus', 'KEYWORD')

/** On one line. A keyword has at most 255 characters in Temporal's SQL stores. */
export function searchableName(name: string): string {
  return name.replace(/\s+/g, ' ').slice(0, 255).toWellFormed()
}
