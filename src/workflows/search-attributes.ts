import { defineSearchAttributeKey } from '@temporalio/common'

// The search attributes by which operators find connection workflows in Temporal's UI and CLI.

export const organizationKey = defineSearchAttributeKey('CairnOrganization', 'KEYWORD')
/** The AWS account ID, if known. */
export const accountKey = defineSearchAttributeKey('CairnAccount', 'KEYWORD')
export const statusKey = defineSearchAttributeKey('CairnStatus', 'KEYWORD')
