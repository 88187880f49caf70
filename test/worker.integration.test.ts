import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { insertConnection } from '../src/db/connections.ts'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
import { ensureOrganization } from '../src/db/organizations.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'

let database: TestDatabase
let db: Database
const children: ChildProcess[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await db.destroy()
  await database.drop()
})

/** `npm run worker`, with nothing of this process' environment. */
function startProcess(env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../src/worker.ts', import.meta.url))],
    { env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true', ...env } },
  )
  children.push(child)
  const said = { output: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      said.output += data
    })
  }
  return { child, said, ended: once(child, 'close') }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'a separate process finds connections, works, and stops in order on %s',
  async (signal) => {
    const target = await createTemporalNamespace()
    const system = openDatabase({ url: database.url, role: 'cairn_system' })
    const { id: organizationId } = await ensureOrganization(system, 'one')
    await system.destroy()
    const { id } = await asOrganization(db, organizationId, (trx) =>
      insertConnection(trx, {
        organizationId,
        name: 'production',
        externalId: randomBytes(16).toString('hex'),
      }),
    )
    // As if the process that inserted it was killed before it signalled, a while ago.
    await asOrganization(db, organizationId, (trx) =>
      trx.updateTable('connections').set({ signalled_at: null }).execute(),
    )
    const { child, said, ended } = startProcess({
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: target.connection.address!,
      TEMPORAL_NAMESPACE: target.namespace,
    })
    await vi.waitFor(
      async () => {
        const row = await asOrganization(db, organizationId, (trx) =>
          trx
            .selectFrom('connections')
            .select('seen_version')
            .where('id', '=', id)
            .executeTakeFirstOrThrow(),
        )
        expect(row.seen_version, said.output).toBe(1)
      },
      { timeout: 240_000, interval: 200 },
    )
    child.kill(signal)
    expect(await ended, said.output).toEqual([0, null])
    // Every line has Cairn's format: the SDK uses the same log.
    for (const line of said.output.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  },
)

test('a separate process waits for a missing Temporal namespace, and logs how to create it', async () => {
  const { connection } = await createTemporalNamespace()
  const { child, said } = startProcess({
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: connection.address!,
    TEMPORAL_NAMESPACE: 'missing',
  })
  await vi.waitFor(() => expect(said.output).toContain('operator namespace create'), 240_000)
  const reasons = said.output
    .split('\n')
    .filter((line) => line.includes('The worker failed; retrying'))
    .map((line) => JSON.parse(line).reason)
  expect(reasons[0]).toBe(
    'Temporal has no namespace missing. Create it: temporal operator namespace create --namespace missing',
  )
  expect(child.exitCode).toBeNull()
})

test('a separate process reports its missing settings', async () => {
  const { said, ended } = startProcess({})
  expect(await ended).toEqual([1, null])
  expect(said.output.trim()).toBe(
    'A separate worker needs DATABASE_URL and TEMPORAL_ADDRESS. `npm start` includes both.',
  )
})

test('workflow code imports only deterministic modules', async () => {
  const { code } = await bundleWorkflows()
  expect(code).toContain('node_modules/@temporalio/workflow')
  for (const stranger of [
    'node_modules/zod',
    'node_modules/kysely',
    'node_modules/pg',
    '@aws-sdk',
  ]) {
    expect(code.includes(stranger), stranger).toBe(false)
  }
})
