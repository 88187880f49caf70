/** RDS, DynamoDB, ElastiCache and Redshift. */

import { counted, listed, spoken } from '../../../changes/text.ts'
import { arnName } from '../arn.ts'
import { writtenItems } from '../batch-targets.ts'
import type { Edit } from '../detail.ts'
import { edit, editsOf, HIDDEN, spelled } from '../edits.ts'
import type { Facts } from '../facts.ts'
import { named } from '../resources.ts'
import type { Summaries, Summary } from '../summary.ts'
import { the } from './any.ts'

const INSTANCE = 'AWS::RDS::DBInstance'
const CLUSTER = 'AWS::RDS::DBCluster'
const SNAPSHOT = 'AWS::RDS::DBSnapshot'
const CLUSTER_SNAPSHOT = 'AWS::RDS::DBClusterSnapshot'

export const rds: Summaries = {
  CreateDBInstance: (facts) => createDatabase(facts, INSTANCE),
  CreateDBInstanceReadReplica: ({ params, resources }) => {
    const replica = named(resources, INSTANCE)
    const of = params.text('sourceDBInstanceIdentifier')
    return replica && `create ${replica} as a read replica${of ? ` of ${spoken(of)}` : ''}`
  },
  CreateDBCluster: (facts) => createDatabase(facts, CLUSTER),
  ModifyDBInstance: (facts) => modify(facts, INSTANCE, 'dBInstanceIdentifier'),
  ModifyDBCluster: (facts) => modify(facts, CLUSTER, 'dBClusterIdentifier'),
  DeleteDBInstance: (facts) => deleteDatabase(facts, INSTANCE),
  DeleteDBCluster: (facts) => deleteDatabase(facts, CLUSTER),
  RebootDBInstance: ({ params, resources }) => {
    const database = named(resources, INSTANCE)
    const failover = params.flag('forceFailover') === true ? ', failing over to its standby' : ''
    return database && { does: `reboot ${database}`, more: failover, risks: ['capacity'] }
  },
  FailoverDBCluster: ({ params, resources }) => {
    const cluster = named(resources, CLUSTER)
    const to = params.text('targetDBInstanceIdentifier')
    return (
      cluster && {
        does: `fail over ${cluster}${to ? ` to ${spoken(to)}` : ''}`,
        risks: ['capacity'],
      }
    )
  },
  CreateDBSnapshot: (facts) => snapshot(facts, SNAPSHOT, INSTANCE),
  CreateDBClusterSnapshot: (facts) => snapshot(facts, CLUSTER_SNAPSHOT, CLUSTER),
  DeleteDBSnapshot: ({ resources }) => {
    const gone = named(resources, SNAPSHOT)
    return gone && `delete ${gone}`
  },
  ModifyDBSnapshotAttribute: (facts) => shareSnapshot(facts, SNAPSHOT),
  ModifyDBClusterSnapshotAttribute: (facts) => shareSnapshot(facts, CLUSTER_SNAPSHOT),
  ModifyDBParameterGroup: (facts) => parameters(facts, 'AWS::RDS::DBParameterGroup'),
  ModifyDBClusterParameterGroup: (facts) => parameters(facts, 'AWS::RDS::DBClusterParameterGroup'),
  CreateDBSubnetGroup: ({ resources }) => {
    const group = named(resources, 'AWS::RDS::DBSubnetGroup')
    return group && { does: `create ${group}`, risks: ['network'] }
  },
  RestoreDBInstanceFromDBSnapshot: ({ resources }) => {
    const [database, from] = [named(resources, INSTANCE), named(resources, SNAPSHOT)]
    return database && `restore ${database}${from ? ` from ${from}` : ''}`
  },
  RestoreDBInstanceToPointInTime: ({ params }) => {
    const to = params.text('targetDBInstanceIdentifier')
    const from = params.text('sourceDBInstanceIdentifier')
    return (
      to &&
      `restore database instance ${spoken(to)}${from ? ` from ${spoken(from)}` : ''} to a point in time`
    )
  },
  RestoreDBClusterToPointInTime: ({ params, resources }) => {
    const to = named(resources, CLUSTER)
    const from = params.text('sourceDBClusterIdentifier')
    return to && `restore ${to}${from ? ` from ${spoken(from)}` : ''} to a point in time`
  },
  CopyDBSnapshot: (facts) => copySnapshot(facts, 'database snapshot', 'DBSnapshotIdentifier'),
  CopyDBClusterSnapshot: (facts) =>
    copySnapshot(facts, 'cluster snapshot', 'DBClusterSnapshotIdentifier'),
  StartExportTask: ({ params, resources }) => {
    const arn = params.text('sourceArn')
    const source = resources.find((resource) => resource.arn === arn)
    const bucket = params.text('s3BucketName')
    if (source === undefined) return undefined
    return {
      does: `export ${the(source)}${bucket ? ` to bucket ${spoken(bucket)}` : ''}`,
      edits: editsOf(params, ['exportTaskIdentifier', 'sourceArn', 's3BucketName']),
      risks: ['data'],
    }
  },
  StartDBInstance: ({ resources }) => verbed('start', named(resources, INSTANCE)),
  StopDBInstance: ({ resources }) => verbed('stop', named(resources, INSTANCE)),
  StartDBCluster: ({ resources }) => verbed('start', named(resources, CLUSTER)),
  StopDBCluster: ({ resources }) => verbed('stop', named(resources, CLUSTER)),
  PromoteReadReplica: ({ resources }) =>
    verbed('promote', named(resources, INSTANCE), ' from a read replica'),
}

function batchItems({ params, resources }: Facts, isRead: boolean): Summary | undefined {
  const tables = named(resources, 'AWS::DynamoDB::Table')
  if (tables === undefined) return undefined
  if (isRead) return { does: `read items of ${tables}`, risks: ['data'] }
  const { count, areDeleted } = writtenItems(params)
  const items = count === 0 ? 'items' : counted(count, 'item')
  const does = areDeleted ? `delete ${items} from ${tables}` : `write ${items} to ${tables}`
  return { does, risks: ['data'] }
}

export const dynamodb: Summaries = {
  BatchGetItem: (facts) => batchItems(facts, true),
  BatchWriteItem: (facts) => batchItems(facts, false),
  TransactGetItems: (facts) => batchItems(facts, true),
  TransactWriteItems: (facts) => batchItems(facts, false),
  UpdateTable: ({ params, response, resources }) => {
    const table = named(resources, 'AWS::DynamoDB::Table')
    if (table === undefined) return undefined
    const asked = params.object('provisionedThroughput')
    const before = response.object('tableDescription').object('provisionedThroughput')
    const edits: Edit[] = [
      ...edit('read capacity', before.text('readCapacityUnits'), asked.text('readCapacityUnits')),
      ...edit(
        'write capacity',
        before.text('writeCapacityUnits'),
        asked.text('writeCapacityUnits'),
      ),
      ...editsOf(params, ['tableName', 'provisionedThroughput', 'attributeDefinitions']),
    ].filter(({ to }) => to !== undefined)
    const indexes = params.items('globalSecondaryIndexUpdates').length > 0 ? ' (its indexes)' : ''
    return {
      does: `change ${table}${edits.length ? '' : indexes}`,
      more: spelled(edits),
      edits,
      risks: asked.isEmpty ? ['data'] : ['capacity', 'data'],
    }
  },
  UpdateTimeToLive: ({ params, resources }) => {
    const table = named(resources, 'AWS::DynamoDB::Table')
    const ttl = params.object('timeToLiveSpecification')
    const isOn = ttl.flag('enabled')
    const by = ttl.text('attributeName')
    return table && isOn !== undefined
      ? {
          does: `turn ${isOn ? 'on' : 'off'} the expiry of items in ${table}${isOn && by ? ` by ${spoken(by)}` : ''}`,
        }
      : undefined
  },
  UpdateContinuousBackups: ({ params, resources }) => {
    const table = named(resources, 'AWS::DynamoDB::Table')
    const isOn = params
      .object('pointInTimeRecoverySpecification')
      .flag('pointInTimeRecoveryEnabled')
    return table && isOn !== undefined
      ? {
          does: `turn ${isOn ? 'on' : 'off'} point-in-time recovery of ${table}`,
          edits: edit('point-in-time recovery', undefined, isOn ? 'on' : 'off'),
        }
      : undefined
  },
}

export const elasticache: Summaries = {
  ModifyReplicationGroup: (facts) =>
    modify(facts, 'AWS::ElastiCache::ReplicationGroup', 'replicationGroupId'),
  ModifyCacheCluster: (facts) => modify(facts, 'AWS::ElastiCache::CacheCluster', 'cacheClusterId'),
  TestFailover: ({ resources }) =>
    verbed('fail over', named(resources, 'AWS::ElastiCache::ReplicationGroup')),
}

export const redshift: Summaries = {
  ModifyCluster: (facts) => modify(facts, 'AWS::Redshift::Cluster', 'clusterIdentifier'),
  DeleteCluster: (facts) => deleteDatabase(facts, 'AWS::Redshift::Cluster'),
}

function verbed(verb: string, what: string | undefined, rest: string = ''): Summary | undefined {
  return what === undefined
    ? undefined
    : { does: `${verb} ${what}${rest}`, verb, risks: ['capacity', 'data'] }
}

function createDatabase({ params, resources }: Facts, type: string): Summary | undefined {
  const database = named(resources, type)
  if (database === undefined) return undefined
  const engine = [params.text('engine'), params.text('engineVersion')].filter(
    (part) => part !== undefined,
  )
  const size = params.text('allocatedStorage')
  const facts = [engine.join(' '), params.text('dBInstanceClass'), size && `${size} GB`].filter(
    (part) => part,
  )
  const isPublic = params.flag('publiclyAccessible') === true
  return {
    does: `create ${database}${facts.length ? ` (${spoken(facts.join(', '))})` : ''}`,
    more: isPublic ? ', reachable from the internet' : '',
    ...(isPublic && { opens: `${database} to the internet` }),
    risks: ['data', 'capacity'],
  }
}

/**
 * RDS answers with the values from before, and those to come are pending; but where the change is
 * immediate, and for Redshift and ElastiCache, the answer may hold the new value already. So what
 * differs in the answer is the earlier value, and what is the same does not show it.
 */
function modify(
  { params, response, resources }: Facts,
  type: string,
  id: string,
): Summary | undefined {
  const database = named(resources, type)
  if (database === undefined) return undefined
  const edits = editsOf(
    params,
    [id, 'allowMajorVersionUpgrade', 'masterUserPassword', 'authToken'],
    response,
  )
  const password = params.has('masterUserPassword') || params.has('authToken')
  const all: Edit[] = password ? [...edits, { field: 'password', to: HIDDEN }] : edits
  const when = params.flag('applyImmediately')
  const later = when === false && edits.length ? ', in the next maintenance window' : ''
  const note = when === true ? ', at once' : later
  const isPublic = params.flag('publiclyAccessible') === true
  const isCapacity = params.has(
    'dBInstanceClass',
    'allocatedStorage',
    'iops',
    'cacheNodeType',
    'nodeType',
    'numberOfNodes',
  )
  const ownRisks: Summary['risks'] = isCapacity ? ['capacity', 'data'] : ['data']
  return {
    does: isPublic ? `make ${database} publicly accessible` : `change ${database}`,
    more: `${isPublic ? spelled(all.filter(({ field }) => field !== 'publicly accessible')) : spelled(all)}${note}`,
    edits: all,
    ...(isPublic && { opens: `${database} to the internet` }),
    risks: isPublic ? ['network', 'data'] : ownRisks,
  }
}

function deleteDatabase({ params, resources }: Facts, type: string): Summary | undefined {
  const database = named(resources, type)
  if (database === undefined) return undefined
  const final = params.text('finalDBSnapshotIdentifier', 'finalClusterSnapshotIdentifier')
  const skipped = params.flag('skipFinalSnapshot', 'skipFinalClusterSnapshot') === true
  const without = skipped ? ', without a final snapshot' : ''
  const after = final ? `, after a final snapshot ${spoken(final)}` : without
  return { does: `delete ${database}`, more: after, risks: ['data'] }
}

function snapshot({ resources }: Facts, type: string, of: string): string | undefined {
  const taken = named(resources, type)
  const from = named(resources, of)
  return taken && `take ${taken}${from ? ` of ${from}` : ''}`
}

function copySnapshot({ params }: Facts, noun: string, id: string): Summary | undefined {
  const from = params.text(`source${id}`)
  const to = params.text(`target${id}`)
  if (from === undefined) return undefined
  return {
    does: `copy ${noun} ${spoken(arnName(from), 80)}${to ? ` to ${spoken(to, 80)}` : ''}`,
    edits: editsOf(params, [`source${id}`, `target${id}`, 'copyTags']),
    risks: ['data'],
  }
}

function shareSnapshot({ params, resources }: Facts, type: string): Summary | undefined {
  const shared = named(resources, type)
  if (shared === undefined || params.text('attributeName') !== 'restore') return undefined
  const receivers = (name: string) =>
    params.texts(name).map((who) => (who === 'all' ? 'everyone' : `account ${spoken(who, 40)}`))
  const added = receivers('valuesToAdd')
  const removed = receivers('valuesToRemove')
  if (added.length > 0) {
    return {
      does: `share ${shared} with ${listed(added)}`,
      verb: 'share',
      edits: edit('shared with', undefined, listed(added, 10)),
      ...(added.includes('everyone') && { opens: `${shared} to the world` }),
      risks: ['data'],
    }
  }
  if (removed.length === 0) return undefined
  return {
    does: `stop sharing ${shared} with ${listed(removed)}`,
    verb: 'stop sharing',
    edits: edit('shared with', listed(removed, 10), undefined),
    risks: ['data'],
  }
}

function parameters({ params, resources }: Facts, type: string): Summary | undefined {
  const group = named(resources, type)
  const edits = params
    .objects('parameters')
    .slice(0, 30)
    .flatMap((parameter) => {
      const name = parameter.text('parameterName')
      return name === undefined
        ? []
        : edit(spoken(name, 80), undefined, parameter.text('parameterValue') ?? '(default)')
    })
  if (group === undefined) return undefined
  return {
    does: `change ${group}`,
    more: spelled(edits),
    edits,
    risks: ['data', 'configuration'],
  }
}
