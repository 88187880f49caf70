/**
 * The records that version 0.1 misread, with the right values. The records are not part of the
 * project; true-sentences/ has records of the same shapes.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { explain } from '../../../src/sources/cloudtrail/explain.ts'
import { requireSharedData, sharedData } from '../../../testing/shared-data.ts'

const FOLDER = sharedData('records/')

interface Right {
  summary?: RegExp
  not?: RegExp
  /** IDs of resources that it must have. */
  resources?: string[]
  /** IDs that must not be among its resources. */
  others?: string[]
  edits?: [field: string, to: string][]
  fields?: Record<string, unknown>
  isPublic?: true
  /** A text that appears nowhere. */
  hidden?: string
}

const RIGHT: Record<string, Right> = {
  'actor-central-root-session': {
    summary: /^A central root session deleted the policy of bucket locked/,
    not: /The root user/,
  },
  'actor-random-session-name': {
    fields: { actor: 'ReadWrite', actorId: 'arn:aws:iam::111122223333:role/ReadWrite' },
  },
  'actor-root-by-old-auto-scaling': {
    fields: { actor: 'Auto Scaling', noise: 'auto-scaling-activity' },
    resources: ['i-0a1b2c3d4e5f60718'],
  },
  'edit-dropped-rds-backups-off': {
    summary: /backup retention period to 0/,
    edits: [['backup retention period', '0']],
  },
  'edit-dropped-rds-cluster-retention': {
    summary: /backup retention period to 14 and new password/,
    not: /engine mode/,
    edits: [
      ['backup retention period', '14'],
      ['password', '(hidden)'],
    ],
  },
  'edit-dropped-rds-public': {
    summary: /publicly accessible/,
    edits: [['publicly accessible', 'true']],
    isPublic: true,
  },
  'edit-dropped-redshift-snapshots-off': {
    summary: /automated snapshot/,
    edits: [['automated snapshot retention period', '0']],
  },
  'false-dissociated-zone': {
    summary: /removed VPC vpc-0a1b2c3d4e5f60718 from hosted zone Z1PA6795UKMFR9/,
    resources: ['vpc-0a1b2c3d4e5f60718', 'Z1PA6795UKMFR9'],
  },
  'false-removed-certificate': { summary: /removed tag env from certificate 1234/ },
  'false-removed-stream': {
    summary: /removed tag env from stream clicks/,
    resources: ['clicks'],
  },
  'grammar-admin-delete-user': { summary: /deleted user u1 of user pool us-east-1_abc/ },
  'mfa-federated-saml': {
    summary: /signed in to the console through SAML provider okta$/,
    not: /MFA/,
  },
  'noise-insight-call-rate': {
    summary: /6 against 0\.0005 calls a minute/,
    fields: { noise: null },
  },
  'noise-person-tags-console': { summary: /^ana tagged/, fields: { noise: null, actor: 'ana' } },
  'noise-person-through-automation': {
    summary: /^ana@example\.com, through Systems Manager, /,
    fields: { noise: null },
  },
  'off-bucket-logging': { summary: /turned off access logging of bucket critical/ },
  'on-bucket-logging': {
    summary: /turned on access logging of bucket critical in us-east-1, to bucket logs/,
  },
  'open-search-domain': {
    summary: /opened search domain logs to the public with its policy/,
    isPublic: true,
  },
  'outcome-close-account-result': {
    summary: /closed account 444455556666/,
    resources: ['444455556666'],
  },
  'outcome-grafana-200': { fields: { outcome: 'succeeded', error: null } },
  'outcome-guardrail-failed': {
    summary: /AWS-GR_RDS_INSTANCE_PUBLIC_ACCESS_CHECK on organizational unit Custom/,
    fields: { outcome: 'failed', actor: 'Control Tower' },
  },
  'outcome-idc-password-failed': {
    fields: { outcome: 'failed', noise: null, actor: 'user1' },
  },
  'part-role-from-db': { summary: /removed role s3-import from database instance orders/ },
  'patch-path-lost': {
    edits: [
      ['deployment id', 'd1'],
      ['/variables/token', '(hidden)'],
    ],
    hidden: 'hunter2',
  },
  'publish-preposition': { summary: /published to topic alerts/ },
  'read-as-change': { fields: { readOnly: true } },
  'secret-stage-variable': { edits: [['/variables/DB_PASSWORD', '(hidden)']], hidden: 'hunter2' },
  'service-event-spot-interrupted': {
    summary: /EC2 interrupted Spot instance i-0a1b2c3d4e5f60718/,
    resources: ['i-0a1b2c3d4e5f60718'],
  },
  'target-asg-detach': {
    summary: /detached instance i-0a1b2c3d4e5f60718 from Auto Scaling group web/,
    resources: ['i-0a1b2c3d4e5f60718', 'web'],
  },
  'target-assume-root': {
    summary: /opened a root session in account 444455556666 for S3UnlockBucketPolicy/,
    resources: ['444455556666'],
  },
  'target-codebuild-public': {
    summary: /made builds of project shop public/,
    resources: ['shop'],
    others: ['x', 'PUBLIC_READ'],
    isPublic: true,
  },
  'target-db-security-group': {
    summary: /opened DB security group db to the public/,
    isPublic: true,
  },
  'target-elb-remove-tags': { summary: /removed tag env from load balancer web/ },
  'target-glue-tables': { summary: /deleted tables orders and lines of database sales/ },
  'target-invite-account': {
    summary: /invited account 444455556666 to the organization/,
    resources: ['444455556666'],
    others: ['h-1'],
  },
  'target-nested-name-glue': { summary: /created connection warehouse/, resources: ['warehouse'] },
  'target-rds-export': {
    summary: /exported database snapshot orders-snap to bucket elsewhere/,
    resources: ['orders-snap', 'elsewhere'],
  },
  'target-ssh-key': {
    summary: /sent an SSH key for ec2-user to instance i-0a1b2c3d4e5f60718/,
    resources: ['i-0a1b2c3d4e5f60718'],
    hidden: 'AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE',
  },
  'target-waf-dissociate': {
    summary: /removed the web ACL from load balancer web/,
    resources: ['web'],
  },
  'tool-not-console-lambda': { fields: { tool: 'aws-sdk-java' } },
}

describe('a record that version 0.1 misread', () => {
  requireSharedData('records/')

  it.each(Object.keys(RIGHT))('is read correctly: %s', (name) => {
    const right = RIGHT[name]!
    const read = explain(readFileSync(`${FOLDER}${name}.json`, 'utf8'))
    if ('unparsed' in read) throw new Error(read.detail)
    const ids = read.resources.map(({ id }) => id)
    if (right.summary) expect(read.summary).toMatch(right.summary)
    if (right.not) expect(read.summary).not.toMatch(right.not)
    expect(ids).toEqual(expect.arrayContaining(right.resources ?? []))
    for (const id of right.others ?? []) expect(ids).not.toContain(id)
    for (const [field, to] of right.edits ?? []) {
      expect(read.edits).toContainEqual(expect.objectContaining({ field, to }))
    }
    expect(read).toMatchObject(right.fields ?? {})
    if (right.isPublic) {
      expect(read.publicAccess).not.toBeNull()
      expect(read.risks).toContain('public_access')
    }
    if (right.hidden) expect(JSON.stringify(read)).not.toContain(right.hidden)
  })
})
