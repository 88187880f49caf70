import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createWorkflows } from '../../src/temporal/client.ts'
import { TemporalUnavailable } from '../../src/temporal/errors.ts'
import type { Workflows } from '../../src/temporal/workflows.ts'

// Accepts connections, and never answers.
const sockets = new Set<Socket>()
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {}).resume()
})
let workflows: Workflows

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  // With the time limit of production: other tests have a longer one.
  workflows = createWorkflows(
    { connection: { address }, namespace: 'default', uiUrl: null },
    { installationId: 'i', logger: pino({ level: 'silent' }) },
  )
})
afterAll(async () => {
  await workflows.close()
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
})

const ref = { organizationId: 'o', connectionId: 'c', name: 'shop' }

test('each call to a Temporal that does not respond fails at its deadline, two seconds after it starts', async () => {
  const withDeadline = vi.spyOn(workflows.client.connection, 'withDeadline')
  /** Starts a call and checks its deadline, not how long a busy machine takes to notice it. */
  async function call<T>(start: () => Promise<T>): Promise<T> {
    const earliest = Date.now() + 2_000
    const result = start()
    const latest = Date.now() + 2_000
    const deadline = Number(withDeadline.mock.lastCall?.[0])
    expect(deadline).toBeGreaterThanOrEqual(earliest)
    expect(deadline).toBeLessThanOrEqual(latest)
    return result
  }

  expect(await call(() => workflows.ping())).toEqual({
    ok: false,
    reason: expect.stringMatching(/deadline exceeded/i),
  })
  expect(await call(() => workflows.changed(ref))).toBe(false)
  await expect(call(() => workflows.state(ref))).rejects.toBeInstanceOf(TemporalUnavailable)
  expect(sockets.size).toBeGreaterThan(0)
})
