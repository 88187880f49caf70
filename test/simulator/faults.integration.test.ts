import { setTimeout as sleep } from 'node:timers/promises'
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  customer,
  putCustomerRole,
} from '../../testing/simulator/support.ts'

let simulator: Simulator

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
})

afterEach(() => simulator.close())

const lookUp = new LookupEventsCommand({ MaxResults: 1 })

test('an error occurs as often as configured', async () => {
  const client = await customer(simulator)
  simulator.failNext({ effect: 'error', code: 'InternalFailure', message: 'Sorry', times: 2 })
  const failure = { name: 'InternalFailure', message: 'Sorry', status: 500 }
  expect(await awsErrorOf(client.send(lookUp))).toEqual(failure)
  expect(await awsErrorOf(client.send(lookUp))).toEqual(failure)
  await client.send(lookUp)
  const [count] = simulator.ledger.requests({ operation: 'LookupEvents' })
  expect(count).toMatchObject({ requests: 3, throttled: 0, errors: { InternalFailure: 2 } })
})

test("an error has AWS's status, unless another is configured", async () => {
  const client = await customer(simulator)
  const next = async (code: string, status?: number) => {
    simulator.failNext({ effect: 'error', code, status })
    return (await awsErrorOf(client.send(lookUp))).status
  }
  expect(await next('ThrottlingException')).toBe(400)
  expect(await next('ServiceUnavailable')).toBe(503)
  expect(await next('ThrottlingException', 429)).toBe(429)
  simulator.failNext({ service: 'sts', effect: 'error', code: 'AccessDenied' })
  expect(await awsErrorOf(assume(simulator))).toMatchObject({ name: 'AccessDenied', status: 403 })
})

test('only calls that match all conditions fail', async () => {
  const here = await customer(simulator)
  const there = await customer(simulator, 'eu-west-1')
  simulator.failNext({
    effect: 'error',
    code: 'InternalFailure',
    service: 'cloudtrail',
    operation: 'LookupEvents',
    region: 'eu-west-1',
    accountId: '111122223333',
  })
  await here.send(lookUp)
  await assume(simulator)
  expect((await awsErrorOf(there.send(lookUp))).name).toBe('InternalFailure')
})

test('faults can be removed', async () => {
  const client = await customer(simulator)
  simulator.failNext({ effect: 'error', times: 100 })
  simulator.clearFaults()
  await client.send(lookUp)
})

test('a connection can be dropped', async () => {
  const client = await customer(simulator)
  simulator.failNext({ effect: 'drop' })
  const { name, status } = await awsErrorOf(client.send(lookUp))
  expect(name).toBeDefined()
  expect(status).toBeUndefined()
  await client.send(lookUp)
})

test('a response can be withheld until the client times out', async () => {
  putCustomerRole(simulator)
  const client = cloudTrailClient(simulator, await assume(simulator))
  simulator.failNext({ effect: 'hang' })
  const limit = new AbortController()
  const hung = awsErrorOf(client.send(lookUp, { abortSignal: limit.signal }))
  const requests = () => simulator.ledger.requests({ operation: 'LookupEvents' })
  await expect.poll(requests).toMatchObject([{ errors: { hang: 1 } }])
  expect(await Promise.race([hung, sleep(300, 'withheld')])).toBe('withheld')
  limit.abort()
  expect((await hung).name).toMatch(/Abort|Timeout/)
})

test('a response can be delayed', async () => {
  const client = await customer(simulator)
  simulator.failNext({ effect: 'delay', delayMs: 5_000 })
  const slow = client.send(lookUp)
  const first = await Promise.race([
    slow.then(() => 'slow'),
    client.send(lookUp).then(() => 'next'),
  ])
  expect(first).toBe('next')
  await slow
})

test('closing ends calls that would wait forever', async () => {
  const client = await customer(simulator)
  simulator.failNext({ effect: 'hang' })
  const hung = awsErrorOf(client.send(lookUp))
  await expect.poll(() => simulator.ledger.requests({ operation: 'LookupEvents' })).toHaveLength(1)
  await simulator.close()
  expect((await hung).name).toBeDefined()
  simulator = await startSimulator()
})
