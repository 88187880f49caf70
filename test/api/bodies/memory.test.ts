import { PassThrough } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { describe, expect, test } from 'vitest'
import { type BodyMemory, createBodyMemory } from '../../../src/api/bodies/memory.ts'
import { readBody } from '../../../src/api/bodies/read.ts'

/** Holds bodies with names, and records which are refused. */
function holder(memory: BodyMemory) {
  const refused: string[] = []
  const hold = (name: string, owner: { address?: string; organization?: string; of?: string }) =>
    memory.hold(
      {
        address: owner.address ?? name,
        organization: owner.organization,
        integration: owner.of,
      },
      ({ status }) => refused.push(`${name} ${status}`),
    )
  return { hold, refused }
}

describe('above a limit, the body that began first is rejected', () => {
  test.each([
    ['an address', { address: 'one' }],
    ['an integration', { of: 'one' }],
    ['an organization', { organization: 'one' }],
    ['a process', {}],
  ])('of %s', (_what, owner) => {
    const { hold, refused } = holder(
      createBodyMemory({ address: 100, integration: 100, organization: 100, process: 100 }),
    )
    const [first, second] = [hold('first', owner), hold('second', owner)]
    // It holds nothing until its first byte.
    hold('idle', owner)
    first.add(50)
    second.add(50)
    expect(refused).toEqual([])
    second.add(1)
    expect(refused).toEqual(['first 429'])
    // What was released does not count, and is not released twice.
    first.release()
    second.add(49)
    expect(refused).toEqual(['first 429'])
    second.add(1)
    expect(refused).toEqual(['first 429', 'second 429'])
  })

  test('but not one that has arrived completely', () => {
    const { hold, refused } = holder(createBodyMemory({ process: 100 }))
    const complete = hold('complete', {})
    complete.add(80)
    complete.complete()
    hold('next', {}).add(30)
    expect(refused).toEqual(['next 429'])
    complete.release()
    hold('last', {}).add(100)
    expect(refused).toEqual(['next 429'])
  })
})

test('with the production limits, one address cannot displace the deliveries of another', () => {
  const { hold, refused } = holder(createBodyMemory())
  const owner = { of: 'integration', organization: 'organization' }
  const delivery = hold('delivery', owner)
  delivery.add(25 * 2 ** 20)
  for (let n = 0; n < 100; n++) hold('attacker', { ...owner, address: 'one' }).add(25 * 2 ** 20)
  expect(new Set(refused)).toEqual(new Set(['attacker 429']))
})

test('connections that send nothing hold nothing', () => {
  const { hold, refused } = holder(createBodyMemory({ process: 1 }))
  for (let n = 0; n < 1_000; n++) hold('idle', {})
  hold('delivery', {}).add(1)
  expect(refused).toEqual([])
})

test('a body that arrives in single bytes is kept in one buffer, whose size is counted', async () => {
  let counted = 0
  const payload = new PassThrough()
  const request = {
    headers: {},
    ip: '192.0.2.1',
    routeOptions: { bodyLimit: 100_000 },
    bodyMemory: {
      hold: () => ({
        add: (bytes: number) => {
          counted += bytes
        },
        complete() {},
        release() {},
      }),
    },
  } as unknown as FastifyRequest
  const body = readBody(request, payload)
  const sent = Buffer.from('0123456789'.repeat(2_000))
  for (const byte of sent) payload.write(Buffer.from([byte]))
  payload.end()
  const read = await body
  expect(read.equals(sent)).toBe(true)
  expect(read.buffer.byteLength).toBe(counted)
  expect(counted).toBeLessThanOrEqual(2 * sent.length)
})
