import { randomUUID } from 'node:crypto'
import type { Change } from '../../src/changes/change.ts'
import { changeId } from '../../src/db/change-id.ts'
import type { Trx } from '../../src/db/database.ts'
import { insertChanges, type Owner } from '../../src/db/imports.ts'

/** When a change occurred for which the test names no time. A Monday at noon: not near the edge of a partition. */
export const someTime = new Date('2026-03-02T12:00:00Z')

/** Stores a change that has nothing special but what is asked for. Returns its id. */
export async function someChange(
  trx: Trx,
  owner: Owner,
  fields: Partial<Change> = {},
  record: object = { eventName: 'RunInstances' },
): Promise<string> {
  const change: Change = {
    source: 'aws.cloudtrail',
    sourceId: randomUUID(),
    occurredAt: someTime,
    summary: 'ada launched an instance',
    service: 'ec2',
    action: 'RunInstances',
    actor: { kind: 'user', name: 'ada', id: 'ada', chain: [] },
    tool: { name: 'console', label: 'the console' },
    resources: [{ type: 'AWS::EC2::Instance', id: 'i-0123456789abcdef0' }],
    outcome: 'succeeded',
    region: 'us-east-1',
    accountId: '111122223333',
    edits: [],
    risks: [],
    noise: null,
    session: {
      sessionKey: 'a',
      stream: null,
      idleTimeoutMs: 0,
      startedAt: null,
      accessKeyId: null,
    },
    links: [],
    ...fields,
  }
  await insertChanges(trx, owner, [{ change, record: JSON.stringify(record), raw: '{}' }])
  return changeId({ ...change, connectionId: owner.connectionId })
}
