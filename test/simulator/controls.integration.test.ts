import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Credentials, type Simulator, startSimulator } from '../../simulator/index.ts'
import { trust } from '../../testing/roles.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  customer,
  EXTERNAL_ID,
  lookUpAll,
  ROLE,
  readOnly,
  simulatedRecord,
  stsClient,
} from '../../testing/simulator/support.ts'

let simulator: Simulator

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
})

afterEach(() => simulator.close())

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${simulator.url}/_simulator${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: answer.status, result: (await answer.json()) as Record<string, unknown> }
}

describe('over HTTP', () => {
  test('a role is created, listed and deleted', async () => {
    const trustPolicy = trust(simulator.vendor.principalArn, {
      StringEquals: { 'sts:ExternalId': EXTERNAL_ID },
    })
    const role = { arn: ROLE, trustPolicy, policies: [readOnly] }
    expect((await call('PUT', '/roles', role)).status).toBe(200)
    await lookUpAll(cloudTrailClient(simulator, await assume(simulator)))
    expect((await call('GET', '/roles')).result).toContain(ROLE)
    const path = `/roles?arn=${encodeURIComponent(ROLE)}`
    expect((await call('DELETE', path)).status).toBe(200)
    expect((await awsErrorOf(assume(simulator))).name).toBe('AccessDenied')
    expect(await call('DELETE', path)).toEqual({
      status: 400,
      result: { error: `There is no role ${ROLE}` },
    })
  })

  test('a principal gets credentials and policies', async () => {
    const arn = 'arn:aws:iam::444455556666:user/eve'
    const { result } = await call('POST', '/principals', { arn })
    const credentials = result as unknown as Credentials
    const client = stsClient(simulator, { credentials })
    expect((await client.send(new GetCallerIdentityCommand({}))).Arn).toBe(arn)
    expect((await call('PUT', '/policies', { arn, policies: [readOnly] })).status).toBe(200)
    await lookUpAll(cloudTrailClient(simulator, credentials))
  })

  test('events are added, delivered late, and counted', async () => {
    const records = [
      simulatedRecord(simulator, 60),
      simulatedRecord(simulator, 60, { readOnly: true }),
    ]
    const added = await call('POST', '/events', { records, deliveryDelaySeconds: 3600 })
    expect(added.result).toEqual({ added: 2, ignored: 0 })
    const ids = records.map(({ eventID }) => eventID)
    const held = (query: string) => call('GET', `/ledger/events?${query}`)
    expect((await held('')).result).toEqual({ count: 2, ids: ids.toReversed() })
    expect((await held('selection=changes')).result).toEqual({ count: 1, ids: [ids[0]] })
    expect((await held('deliveredOnly=true')).result).toEqual({ count: 0, ids: [] })
    expect((await held('regions=eu-west-1,eu-west-2')).result).toEqual({ count: 0, ids: [] })
    const second = String(records[0]!.eventTime)
    expect((await call('GET', `/ledger/count?from=${second}`)).result).toEqual({ count: 2 })
    expect((await call('GET', `/ledger/count?to=${second}`)).result).toEqual({ count: 0 })
    expect((await call('GET', '/ledger/regions')).result).toEqual(['us-east-1'])
  })

  test('a file of records is played', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'controls-'))
    try {
      const file = join(folder, 'records.jsonl')
      await writeFile(file, JSON.stringify(simulatedRecord(simulator, 0)))
      expect((await call('POST', '/records', { file })).result).toMatchObject({ added: 1 })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('faults, regions, denials and trails can be set', async () => {
    const client = await customer(simulator)
    const look = async () => (await awsErrorOf(lookUpAll(client))).name
    await call('POST', '/faults', { effect: 'error', code: 'InternalFailure', times: 2 })
    expect(await look()).toBe('InternalFailure')
    await call('DELETE', '/faults')
    expect(await look()).toBeUndefined()
    await call('PUT', '/denied-regions', { regions: ['us-east-1'] })
    expect(await look()).toBe('AccessDeniedException')
    await call('PUT', '/service-control-policies', { policies: [] })
    expect(await look()).toBeUndefined()
    await call('PUT', '/regions', { disable: ['us-east-1'] })
    expect(await look()).toBe('UnrecognizedClientException')
    await call('PUT', '/regions', { enable: ['us-east-1'] })
    expect(await look()).toBeUndefined()
    expect((await call('PUT', '/trails', { trails: [] })).status).toBe(200)
  })

  test('settings can be read and changed', async () => {
    const { result } = await call('PATCH', '/settings', { tps: 5, clockOffsetMs: -60_000 })
    expect(result).toMatchObject({ tps: 5, clockOffsetMs: -60_000, latencyMs: 0 })
    expect(Math.round((Date.now() - simulator.now()) / 1000)).toBe(60)
    expect((await call('GET', '')).result).toMatchObject({
      accountId: '111122223333',
      vendorPrincipalArn: 'arn:aws:iam::999988887777:role/cairn',
      settings: { tps: 5 },
    })
  })

  test('every issued key is listed, and every request counted', async () => {
    await lookUpAll(await customer(simulator))
    const credentials = (await call('GET', '/ledger/credentials'))
      .result as unknown as Credentials[]
    expect(credentials).toEqual([
      expect.objectContaining(simulator.vendor.credentials),
      expect.objectContaining({ arn: expect.stringContaining(':assumed-role/cairn-read-only/') }),
    ])
    const requests = await call('GET', '/ledger/requests?service=cloudtrail&region=us-east-1')
    expect(requests.result).toEqual([
      {
        service: 'cloudtrail',
        operation: 'LookupEvents',
        accountId: '111122223333',
        region: 'us-east-1',
        requests: 1,
        throttled: 0,
        errors: {},
      },
    ])
    expect((await call('GET', '/env')).result).toEqual(simulator.env)
  })

  test.each<[string, string, unknown, number, string]>([
    ['PUT', '/roles', { arn: ROLE }, 400, 'trustPolicy'],
    ['PUT', '/roles', { arn: 'x', trustPolicy: {} }, 400, 'not the ARN of a role'],
    ['PUT', '/roles', { arn: ROLE, trustPolicy: {} }, 400, 'Syntax errors in policy'],
    ['PUT', '/roles', { arn: ROLE, trustPolicy: {}, colour: 1 }, 400, 'colour'],
    ['POST', '/events', { records: [{}] }, 400, 'eventTime'],
    ['POST', '/events', { records: [], accountId: '12' }, 400, '12 digits'],
    ['POST', '/records', { file: '/does/not/exist' }, 400, 'ENOENT'],
    ['POST', '/faults', { effect: 'explode' }, 400, 'effect'],
    ['PATCH', '/settings', { tps: 0 }, 400, 'tps'],
    ['PATCH', '/settings', { speed: 1 }, 400, 'speed'],
    ['POST', '/unknown', {}, 404, 'GET /help'],
  ])('%s %s rejects %j', async (method, path, body, status, message) => {
    const answer = await call(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.result.error).toContain(message)
  })

  test('invalid JSON is rejected, and the help lists all controls', async () => {
    const answer = await fetch(`${simulator.url}/_simulator/faults`, { method: 'POST', body: '{' })
    expect(answer.status).toBe(400)
    expect((await call('GET', '/help')).result).toContain('PUT /roles')
  })
})

describe('starting', () => {
  test('rejects invalid input', async () => {
    await expect(startSimulator({ accountIds: [] })).rejects.toThrow('customer account')
    await expect(startSimulator({ accountIds: ['12'] })).rejects.toThrow('12 digits')
    await expect(startSimulator({ tps: -1 })).rejects.toThrow('tps')
    await expect(startSimulator({ vendorPrincipalArn: 'cairn' })).rejects.toThrow('partition')
    await expect(startSimulator({ port: simulator.port })).rejects.toThrow('EADDRINUSE')
  })

  test('uses the configured regions for the customers', async () => {
    await simulator.close()
    simulator = await startSimulator({ latencyMs: 0, regions: ['us-east-1', 'ap-east-1'] })
    await lookUpAll(await customer(simulator, 'ap-east-1'))
    const { name } = await awsErrorOf(lookUpAll(await customer(simulator, 'eu-west-1')))
    expect(name).toBe('UnrecognizedClientException')
  })
})
