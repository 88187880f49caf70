import { defineSearchAttributeKey } from '@temporalio/common'

// What operators can search connections' workflows by in Temporal's UI and CLI.

export const organizationKey = defineSearchAttributeKey('CairnOrganization', 'KEYWORD')
/** The AWS account's id, once it is known. */
export const accountKey = defineSearchAttributeKey('CairnAccount', 'KEYWORD')
export const statusKey = defineSearchAttributeKey('CairnStatus', 'KEYWORD')
