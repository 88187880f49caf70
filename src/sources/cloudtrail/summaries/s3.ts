/** S3. */

import { counted, listed, spoken } from '../../../changes/text.ts'
import { edit, editsOf } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { JsonReader } from '../json-reader.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'
import { setPolicy } from './resource-policy.ts'

const BUCKET = 'AWS::S3::Bucket'

export const s3: Summaries = {
  CreateBucket: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const opens = openedByCannedAcl(params, bucket)
    return (
      bucket && {
        does: `create ${bucket}`,
        more: opens ? ', open to the world' : '',
        ...(opens && { opens }),
      }
    )
  },
  DeleteBucket: (facts) => of(facts, 'delete'),
  PutBucketPolicy: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    return bucket && setPolicy(bucket, params.get('bucketPolicy', 'policy'), 'data')
  },
  DeleteBucketPolicy: (facts) => of(facts, 'delete the policy of', ['data', 'identity']),
  PutBucketPublicAccessBlock: (facts) => publicAccessBlock(facts, named(facts.resources, BUCKET)),
  PutAccountPublicAccessBlock: (facts) => publicAccessBlock(facts, 'the whole account'),
  DeleteBucketPublicAccessBlock: (facts) => {
    const bucket = named(facts.resources, BUCKET)
    return (
      bucket && {
        does: `remove the public access block of ${bucket}`,
        edits: [{ field: 'public access block', from: 'on', to: 'off' }],
        risks: ['data'],
      }
    )
  },
  DeleteAccountPublicAccessBlock: () => ({
    does: 'remove the public access block of the whole account',
    edits: [{ field: 'public access block', from: 'on', to: 'off' }],
    risks: ['data'],
  }),
  PutBucketAcl: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    if (bucket === undefined) return undefined
    const opens = openedByCannedAcl(params, bucket) ?? openedByGrants(params, bucket)
    const canned = params.text('x-amz-acl')
    return {
      does: opens
        ? `open ${bucket} to the world with its access list`
        : `set the access list of ${bucket}${canned ? ` to ${spoken(canned)}` : ''}`,
      edits: edit('access list', undefined, canned),
      ...(opens && { opens, verb: 'open' }),
      risks: ['data'],
    }
  },
  PutBucketVersioning: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const status = params.object('VersioningConfiguration').text('Status')
    if (bucket === undefined || status === undefined) return undefined
    const edits = [
      ...edit('versioning', undefined, status.toLowerCase()),
      ...edit(
        'MFA delete',
        undefined,
        params.object('VersioningConfiguration').text('MfaDelete')?.toLowerCase(),
      ),
    ]
    return {
      does: `${status === 'Enabled' ? 'turn on' : 'suspend'} versioning of ${bucket}`,
      edits,
    }
  },
  PutBucketLifecycle: lifecycle,
  PutBucketLifecycleConfiguration: lifecycle,
  DeleteBucketLifecycle: (facts) => of(facts, 'delete the lifecycle rules of'),
  PutBucketTagging: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const tags = params.object('Tagging').object('TagSet').objects('Tag')
    const keys = tags.map((tag) => tag.text('Key')).filter((key) => key !== undefined)
    if (bucket === undefined) return undefined
    return {
      verb: 'tag',
      does: `tag ${bucket}${keys.length ? ` with ${listed(keys.map((key) => spoken(key, 40)))}` : ''}`,
      edits: tags.flatMap((tag) =>
        edit(`tag ${tag.text('Key') ?? ''}`, undefined, tag.text('Value') ?? '(empty)'),
      ),
      risks: ['configuration'],
    }
  },
  PutBucketEncryption: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const rule = params
      .object('ServerSideEncryptionConfiguration')
      .object('Rule')
      .object('ApplyServerSideEncryptionByDefault')
    const algorithm = rule.text('SSEAlgorithm')
    return (
      bucket && {
        does: `set the encryption of ${bucket}${algorithm ? ` to ${spoken(algorithm)}` : ''}`,
        edits: [
          ...edit('encryption', undefined, algorithm),
          ...edit('KMS key', undefined, rule.text('KMSMasterKeyID')),
        ],
      }
    )
  },
  DeleteBucketEncryption: (facts) => of(facts, 'reset the encryption of'),
  PutBucketWebsite: (facts) => of(facts, 'make a website of'),
  PutBucketCors: (facts) => of(facts, 'set the CORS rules of'),
  PutBucketLogging: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    if (bucket === undefined) return undefined
    const enabled = params.object('BucketLoggingStatus').object('LoggingEnabled')
    const to = enabled.text('TargetBucket')
    if (enabled.isEmpty) {
      return {
        does: `turn off access logging of ${bucket}`,
        edits: [{ field: 'access logging', to: 'off' }],
        risks: ['configuration', 'data'],
      }
    }
    return {
      does: `turn on access logging of ${bucket}`,
      more: to ? `, to bucket ${spoken(to)}` : '',
      edits: [
        { field: 'access logging', to: 'on' },
        ...edit('target bucket', undefined, to),
        ...edit('target prefix', undefined, enabled.text('TargetPrefix')),
      ],
      risks: ['configuration', 'data'],
    }
  },
  PutBucketNotification: (facts) => of(facts, 'set the event notifications of'),
  PutBucketReplication: (facts) => of(facts, 'set the replication of'),
  DeleteBucketReplication: (facts) => of(facts, 'stop the replication of'),
  PutBucketOwnershipControls: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const rule = params.object('OwnershipControls').object('Rule').text('ObjectOwnership')
    return (
      bucket && {
        does: `set the object ownership of ${bucket}${rule ? ` to ${spoken(rule)}` : ''}`,
        edits: edit('object ownership', undefined, rule),
      }
    )
  },
  PutObject: (facts) => object(facts, 'write'),
  DeleteObject: (facts) => object(facts, 'delete'),
  DeleteObjects: (facts) => of(facts, 'delete objects of'),
  PutObjectAcl: (facts) => object(facts, 'set the access list of'),
}

function of({ resources }: Facts, phrase: string, risks?: Summary['risks']): Summary | undefined {
  const bucket = named(resources, BUCKET)
  return bucket === undefined ? undefined : { does: `${phrase} ${bucket}`, ...(risks && { risks }) }
}

function object({ params, resources }: Facts, verb: string): string | undefined {
  const key = params.text('key')
  const bucket = named(resources, BUCKET)
  return key && bucket ? `${verb} ${spoken(key)} in ${bucket}` : undefined
}

function openedByCannedAcl(params: JsonReader, bucket: string | undefined): string | undefined {
  const acl = params.text('x-amz-acl')
  if (acl === 'public-read') return `${bucket}: everyone may read`
  if (acl === 'public-read-write') return `${bucket}: everyone may read and write`
  if (acl === 'authenticated-read') return `${bucket}: anyone with an AWS account may read`
  return undefined
}

function openedByGrants(params: JsonReader, bucket: string): string | undefined {
  const grants = params.object('AccessControlPolicy').object('AccessControlList').objects('Grant')
  const open = grants.filter((grant) =>
    /\/(AllUsers|AuthenticatedUsers)$/.test(grant.object('Grantee').text('URI') ?? ''),
  )
  if (open.length === 0) return undefined
  const permissions = open.map((grant) =>
    spoken((grant.text('Permission') ?? 'all').toLowerCase().replace('_', ' '), 20),
  )
  return `${bucket}: everyone may ${listed([...new Set(permissions)])}`
}

function publicAccessBlock({ params }: Facts, what: string | undefined): Summary | undefined {
  if (what === undefined) return undefined
  const block = params.object('PublicAccessBlockConfiguration')
  const off = block.entries().filter(([name]) => block.flag(name) === false)
  const edits = editsOf(JsonReader.of(block.raw), [])
  const isWeak = off.length > 0
  return {
    does: isWeak ? `weaken the public access block of ${what}` : `block public access to ${what}`,
    edits,
    risks: ['data'],
  }
}

function lifecycle({ params, resources }: Facts): Summary | undefined {
  const bucket = named(resources, BUCKET)
  if (bucket === undefined) return undefined
  const rules = params.object('LifecycleConfiguration').objects('Rule')
  const expiring = rules
    .map((rule) => ({ days: rule.object('Expiration').text('Days'), status: rule.text('Status') }))
    .filter(({ days, status }) => days !== undefined && status === 'Enabled')
  const soonest = expiring.map(({ days }) => Number(days)).sort((a, b) => a - b)[0]
  const when = soonest === undefined ? '' : `, deleting objects after ${counted(soonest, 'day')}`
  return {
    does: `set the lifecycle rules of ${bucket}`,
    more: when,
    edits: rules
      .slice(0, 20)
      .flatMap((rule) => edit(`rule ${rule.text('ID') ?? ''}`.trim(), undefined, ruleWords(rule))),
  }
}

function ruleWords(rule: JsonReader): string {
  const status = (rule.text('Status') ?? 'set').toLowerCase()
  const days = rule.object('Expiration').number('Days')
  return days === undefined ? status : `${status}, expires after ${counted(days, 'day')}`
}
