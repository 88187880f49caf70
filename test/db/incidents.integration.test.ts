import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { insertEnvironment } from '../../src/db/environments.ts'
import { listAlerts } from '../../src/db/find-incidents.ts'
import { splitIncident } from '../../src/db/incident-edits.ts'
import { applyIncidentEvents, remapAlerts } from '../../src/db/incidents.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { insertServiceMapping } from '../../src/db/service-mappings.ts'
import { type IncidentEvent, MAX_LISTED_ALERTS } from '../../src/incidents/incident.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { countTurns } from '../../testing/event-loop.ts'

let database: TestDatabase
let db: Database
let organizationId: string
let made = 0

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})
beforeEach(async () => {
  const system = openDatabase({ url: database.url, role: 'cairn_system', max: 1 })
  organizationId = (await ensureOrganization(system, `organization ${++made}`)).id
  await system.destroy()
})

/** A time on 2 March 2026, from minutes after 20:00. */
const at = (minutes: number) => new Date(Date.UTC(2026, 2, 2, 20, minutes))

function event(over: Partial<IncidentEvent> & { reported?: number; noticed?: number } = {}) {
  const { reported, noticed = 45, ...rest } = over
  return {
    source: 'pagerduty' as const,
    sourceId: 'P1',
    state: 'open' as const,
    title: 'checkout is down',
    noticedAt: at(noticed),
    reportedAt: at(reported ?? noticed),
    resolvedAt: rest.state === 'resolved' ? at(reported ?? noticed) : null,
    services: [{ id: 'S1', name: 'Checkout' }],
    labels: {},
    url: null,
    ...rest,
  }
}

const apply = (...events: IncidentEvent[]) =>
  asOrganization(db, organizationId, (trx) => applyIncidentEvents(trx, organizationId, events))

/** Each in a transaction of its own, as they are delivered. */
async function deliver(events: IncidentEvent[]): Promise<void> {
  for (const each of events) await apply(each)
}

const incidents = () =>
  asOrganization(db, organizationId, (trx) =>
    trx.selectFrom('incidents').selectAll().orderBy('noticed_at').execute(),
  )

function orders<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) =>
    orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  )
}

test('an incident is triggered, acknowledged and resolved', async () => {
  expect(await apply(event())).toMatchObject([{ created: true }])
  await apply(event({ state: 'acknowledged', reported: 47 }))
  expect(await incidents()).toMatchObject([{ state: 'acknowledged', resolved_at: null }])
  await apply(event({ state: 'resolved', reported: 55 }))
  expect(await incidents()).toMatchObject([
    { title: 'checkout is down', state: 'resolved', noticed_at: at(45), resolved_at: at(55) },
  ])
})

test('repeated events change nothing, even in one batch', async () => {
  const events = [event(), event({ state: 'resolved', reported: 55 })]
  await apply(...events, ...events)
  const before = await incidents()
  await deliver([...events, event({ state: 'resolved', resolvedAt: at(55), reported: 58 })])
  expect(await incidents()).toEqual(before)
})

test('events in any order have the same result', async () => {
  const events = [
    event(),
    event({ state: 'acknowledged', reported: 46 }),
    event({ state: 'resolved', reported: 50 }),
    event({ title: 'reopened', reported: 52 }),
  ]
  const results = new Set<string>()
  for (const order of orders(events)) {
    organizationId = await another()
    await deliver(order)
    const rows = await incidents()
    results.add(
      JSON.stringify(rows.map((row) => [row.title, row.state, row.noticed_at, row.resolved_at])),
    )
  }
  expect([...results]).toEqual([JSON.stringify([['reopened', 'open', at(45), null]])])
})

test('a group that fires again later is another incident, in any order of delivery', async () => {
  const group = { source: 'alertmanager' as const, sourceId: 'group' }
  const events = [
    event({ ...group, noticed: 0, reported: 0 }),
    event({ ...group, noticed: 0, reported: 5, state: 'resolved' }),
    event({ ...group, noticed: 40, reported: 40 }),
    event({ ...group, noticed: 40, reported: 50, state: 'resolved' }),
  ]
  for (const order of orders(events)) {
    organizationId = await another()
    await deliver([...order, ...order])
    const rows = await incidents()
    expect(rows.map((row) => [row.noticed_at, row.resolved_at])).toEqual([
      [at(0), at(5)],
      [at(40), at(50)],
    ])
  }
})

async function another(): Promise<string> {
  const system = openDatabase({ url: database.url, role: 'cairn_system', max: 1 })
  const { id } = await ensureOrganization(system, `organization ${++made}`)
  await system.destroy()
  return id
}

describe('related alerts', () => {
  test('of one service within ten minutes are one incident, open until the last is resolved', async () => {
    await apply(
      event(),
      event({ source: 'alertmanager', sourceId: 'g', noticed: 54, title: 'slow' }),
    )
    await apply(event({ state: 'resolved', reported: 60 }))
    expect(await incidents()).toMatchObject([{ title: 'checkout is down', state: 'open' }])
    await apply(
      event({
        source: 'alertmanager',
        sourceId: 'g',
        noticed: 54,
        reported: 62,
        state: 'resolved',
      }),
    )
    expect(await incidents()).toMatchObject([{ state: 'resolved', resolved_at: at(62) }])
  })

  test('are separate if they are more than ten minutes apart or of other services', async () => {
    await apply(
      event(),
      event({ sourceId: 'P2', noticed: 56 }),
      event({ sourceId: 'P3', noticed: 46, services: [{ id: 'S2', name: 'Search' }] }),
    )
    expect(await incidents()).toHaveLength(3)
  })

  test('are separate if they share only the environment, or only the service', async () => {
    await asOrganization(db, organizationId, async (trx) => {
      await insertEnvironment(trx, organizationId, { name: 'Production' })
      await insertEnvironment(trx, organizationId, { name: 'Staging' })
    })
    const database = [{ id: 'S2', name: 'Db' }]
    await apply(
      event({ labels: { env: 'production' } }),
      event({ sourceId: 'P2', services: database, labels: { env: 'prod' } }),
      event({ sourceId: 'P3', services: [], labels: { env: 'production' } }),
      event({ sourceId: 'P4', labels: { env: 'staging' } }),
    )
    expect(await incidents()).toHaveLength(4)
    const both = [...event().services, ...database]
    await apply(event({ sourceId: 'P5', services: both, labels: { env: 'production' } }))
    expect(await incidents()).toHaveLength(4)
  })

  test('of one Alertmanager rule are one incident if one of them names no service', async () => {
    const rule = (sourceId: string, alertname: string, services: string[] = []) =>
      event({
        source: 'alertmanager',
        sourceId,
        labels: { alertname },
        services: services.map((name) => ({ id: name, name })),
      })
    await apply(rule('g1', 'NodeDown'), rule('g2', 'nodedown'), rule('g3', 'DiskFull'))
    expect(await incidents()).toHaveLength(2)
    await apply(rule('g4', 'Slow', ['shop']), rule('g5', 'Slow', ['search']))
    expect(await incidents()).toHaveLength(4)
  })

  test('do not join an incident that was resolved earlier', async () => {
    await apply(event(), event({ state: 'resolved', reported: 46 }))
    await apply(event({ sourceId: 'P2', noticed: 48 }))
    expect(await incidents()).toHaveLength(2)
  })

  test('create one incident if they arrive concurrently', async () => {
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) => apply(event({ sourceId: `P${n}`, noticed: 45 + n }))),
    )
    expect(await incidents()).toMatchObject([{ noticed_at: at(46) }])
  })
})

test('are grouped again when a mapping is added', async () => {
  const recent = new Date(Date.now() - 3_600_000)
  await apply(event({ noticedAt: recent, reportedAt: recent }))
  const environmentId = await asOrganization(db, organizationId, async (trx) => {
    const { id } = await insertEnvironment(trx, organizationId, { name: 'Live' })
    await insertServiceMapping(trx, organizationId, {
      source: 'pagerduty',
      label: null,
      value: 'S1',
      environmentId: id,
      services: ['checkout-api'],
    })
    await remapAlerts(trx, organizationId)
    return id
  })
  expect(await incidents()).toMatchObject([
    { environment_id: environmentId, services: ['checkout-api'] },
  ])
})

test('the newest alerts of an incident are listed, and older ones can be split off', async () => {
  const [first] = await apply(event())
  const incidentId = first!.incidentId
  await asOrganization(db, organizationId, async (trx) => {
    const known = await trx
      .selectFrom('incident_alerts')
      .selectAll()
      .where('incident_id', '=', incidentId)
      .executeTakeFirstOrThrow()
    const { id: oldest, created_at: _, services, labels, ...alert } = known
    const later = (index: number) => ({
      ...alert,
      source_id: `later ${index}`,
      noticed_at: at(46),
      services: JSON.stringify(services),
      labels: JSON.stringify(labels),
    })
    await trx
      .insertInto('incident_alerts')
      .values(Array.from({ length: MAX_LISTED_ALERTS }, (_each, index) => later(index)))
      .execute()
    const listed = await listAlerts(trx, incidentId)
    expect(listed).toHaveLength(MAX_LISTED_ALERTS)
    expect(listed.map(({ id }) => id)).not.toContain(oldest)
    expect(listed.map(({ id }) => id)).toEqual(listed.map(({ id }) => id).sort())
    await splitIncident(trx, organizationId, incidentId, [oldest])
    const { incident_id: moved } = await trx
      .selectFrom('incident_alerts')
      .select('incident_id')
      .where('id', '=', oldest)
      .executeTakeFirstOrThrow()
    expect(moved).not.toBe(incidentId)
  })
})

test('other requests have their turn while mappings are applied again', async () => {
  const recent = new Date(Date.now() - 3_600_000)
  const names = ['one', 'two', 'three', 'four', 'five']
  await apply(
    ...names.map((name) => {
      const services = [{ id: name, name: `Service ${name}` }]
      return event({ sourceId: name, noticedAt: recent, reportedAt: recent, services })
    }),
  )
  const turn = countTurns()
  const turns = new Map<string, number>()
  const { normalize } = String.prototype
  const normalizing = vi.spyOn(String.prototype, 'normalize').mockImplementation(function (
    this: string,
    ...options
  ) {
    const text = String(this)
    if (text.startsWith('Service ')) turns.set(text, turn())
    return normalize.apply(text, options)
  })
  onTestFinished(() => normalizing.mockRestore())
  await asOrganization(db, organizationId, async (trx) => {
    await insertServiceMapping(trx, organizationId, {
      source: null,
      label: null,
      value: 'other*',
      environmentId: null,
      services: ['other'],
    })
    turns.clear()
    await remapAlerts(trx, organizationId, { sliceMs: 0 })
  })
  expect(turns.size).toBe(names.length)
  expect(new Set(turns.values()).size).toBe(names.length)
})
