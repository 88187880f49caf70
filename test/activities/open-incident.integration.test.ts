import { expect, onTestFinished, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { applyIncidentEvents } from '../../src/db/incidents.ts'
import { translatePagerDuty } from '../../src/sources/pagerduty/translate.ts'
import { createTestAccount } from '../../testing/account.ts'
import { pagerDutyBody } from '../../testing/incidents.ts'

test('while an incident is open, each cycle also requests quiet regions', async () => {
  const account = await createTestAccount({ regions: ['us-east-1', 'eu-west-1'] })
  account.deps.regions = ['us-east-1', 'eu-west-1']
  onTestFinished(account.close)
  const { ref } = await account.connect()
  await account.run('verifyRole', ref, { failures: 0 })
  await account.run('importEvents', ref, { force: true })
  const quiet = new Date(Date.now() + 600_000)
  const makeQuiet = () =>
    account.superuser
      .updateTable('coverage')
      .set({ quiet_polls: 20, live_due_at: quiet, backfill_due_at: null })
      .where('region', '=', 'eu-west-1')
      .execute()
  const askedAt = async () => {
    const row = await account.superuser
      .selectFrom('coverage')
      .select('live_at')
      .where('region', '=', 'eu-west-1')
      .executeTakeFirstOrThrow()
    return row.live_at
  }
  const report = (status: string, minutesAgo: number) => {
    const now = Date.now() - minutesAgo * 60_000
    const at = new Date(now).toISOString()
    const body = pagerDutyBody({ status, createdAt: at, occurredAt: new Date().toISOString() })
    return asOrganization(account.db, ref.organizationId, (trx) =>
      applyIncidentEvents(trx, ref.organizationId, translatePagerDuty(body)),
    )
  }
  const isAsked = async () => {
    await makeQuiet()
    const before = await askedAt()
    await account.run('importEvents', ref, { force: false })
    return (await askedAt())?.getTime() !== before?.getTime()
  }
  expect(await isAsked()).toBe(false)
  await report('triggered', 1)
  expect(await isAsked()).toBe(true)
  await report('resolved', 1)
  expect(await isAsked()).toBe(false)
})
