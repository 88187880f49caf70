/** S3. */

import { Bag } from '../bag.ts'
import { edit, editsOf } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { named } from '../resources.ts'
import type { Telling, Tellings } from '../telling.ts'
import { counted, listed, spoken } from '../text.ts'
import { setPolicy } from './resource-policy.ts'

const BUCKET = 'AWS::S3::Bucket'

export const s3: Tellings = {
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
        aspects: ['data'],
      }
    )
  },
  DeleteAccountPublicAccessBlock: () => ({
    does: 'remove the public access block of the whole account',
    edits: [{ field: 'public access block', from: 'on', to: 'off' }],
    aspects: ['data'],
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
      ...(opens && { opens }),
      aspects: ['data'],
    }
  },
  PutBucketVersioning: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const status = params.bag('VersioningConfiguration').text('Status')
    if (bucket === undefined || status === undefined) return undefined
    const edits = edit('versioning', undefined, status.toLowerCase())
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
    const tags = params.bag('Tagging').bag('TagSet').bags('Tag')
    const keys = tags.map((tag) => tag.text('Key')).filter((key) => key !== undefined)
    if (bucket === undefined) return undefined
    return {
      does: `tag ${bucket}${keys.length ? ` with ${listed(keys.map((key) => spoken(key, 40)))}` : ''}`,
      edits: tags.flatMap((tag) =>
        edit(`tag ${tag.text('Key') ?? ''}`, undefined, tag.text('Value') ?? '(empty)'),
      ),
      aspects: ['configuration'],
    }
  },
  PutBucketEncryption: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const rule = params
      .bag('ServerSideEncryptionConfiguration')
      .bag('Rule')
      .bag('ApplyServerSideEncryptionByDefault')
    const algorithm = rule.text('SSEAlgorithm')
    return (
      bucket && {
        does: `set the encryption of ${bucket}${algorithm ? ` to ${spoken(algorithm)}` : ''}`,
        edits: [
          ...edit('encryption', undefined, algorithm),
          ...edit('key', undefined, rule.text('KMSMasterKeyID')),
        ],
      }
    )
  },
  DeleteBucketEncryption: (facts) => of(facts, 'reset the encryption of'),
  PutBucketWebsite: (facts) => of(facts, 'make a website of'),
  PutBucketCors: (facts) => of(facts, 'set the CORS rules of'),
  PutBucketLogging: (facts) => of(facts, 'set the access logging of'),
  PutBucketNotification: (facts) => of(facts, 'set the event notifications of'),
  PutBucketReplication: (facts) => of(facts, 'set the replication of'),
  DeleteBucketReplication: (facts) => of(facts, 'stop the replication of'),
  PutBucketOwnershipControls: ({ params, resources }) => {
    const bucket = named(resources, BUCKET)
    const rule = params.bag('OwnershipControls').bag('Rule').text('ObjectOwnership')
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

function of(
  { resources }: Facts,
  phrase: string,
  aspects?: Telling['aspects'],
): Telling | undefined {
  const bucket = named(resources, BUCKET)
  return bucket === undefined
    ? undefined
    : { does: `${phrase} ${bucket}`, ...(aspects && { aspects }) }
}

function object({ params, resources }: Facts, verb: string): string | undefined {
  const key = params.text('key')
  const bucket = named(resources, BUCKET)
  return key && bucket ? `${verb} ${spoken(key)} in ${bucket}` : undefined
}

function openedByCannedAcl(params: Bag, bucket: string | undefined): string | undefined {
  const acl = params.text('x-amz-acl')
  if (acl === 'public-read') return `${bucket}: everyone may read`
  if (acl === 'public-read-write') return `${bucket}: everyone may read and write`
  if (acl === 'authenticated-read') return `${bucket}: anyone with an AWS account may read`
  return undefined
}

function openedByGrants(params: Bag, bucket: string): string | undefined {
  const grants = params.bag('AccessControlPolicy').bag('AccessControlList').bags('Grant')
  const open = grants.filter((grant) =>
    /\/(AllUsers|AuthenticatedUsers)$/.test(grant.bag('Grantee').text('URI') ?? ''),
  )
  if (open.length === 0) return undefined
  const permissions = open.map((grant) =>
    spoken((grant.text('Permission') ?? 'all').toLowerCase().replace('_', ' '), 20),
  )
  return `${bucket}: everyone may ${listed([...new Set(permissions)])}`
}

function publicAccessBlock({ params }: Facts, what: string | undefined): Telling | undefined {
  if (what === undefined) return undefined
  const block = params.bag('PublicAccessBlockConfiguration')
  const off = block.entries().filter(([name]) => block.flag(name) === false)
  const edits = editsOf(Bag.of(block.raw), [])
  const isWeak = off.length > 0
  return {
    does: isWeak ? `weaken the public access block of ${what}` : `block public access to ${what}`,
    edits,
    aspects: ['data'],
  }
}

function lifecycle({ params, resources }: Facts): Telling | undefined {
  const bucket = named(resources, BUCKET)
  if (bucket === undefined) return undefined
  const rules = params.bag('LifecycleConfiguration').bags('Rule')
  const expiring = rules
    .map((rule) => ({ days: rule.bag('Expiration').text('Days'), status: rule.text('Status') }))
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

function ruleWords(rule: Bag): string {
  const status = (rule.text('Status') ?? 'set').toLowerCase()
  const days = rule.bag('Expiration').number('Days')
  return days === undefined ? status : `${status}, expires after ${counted(days, 'day')}`
}
