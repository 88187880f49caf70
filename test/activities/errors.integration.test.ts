import { ApplicationFailure } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { unexpectedFailure } from '../../src/activities/errors.ts'
import { createActivities } from '../../src/activities/index.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { OrganizationBusy } from '../../src/db/organization-queue.ts'

test.each([
  [
    new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON'),
    "The worker's log has the details.",
  ],
  [
    new TypeError("Cannot read properties of undefined (reading 'rows')"),
    "The worker's log has the details.",
  ],
  [Object.assign(new Error('relation "x" does not exist'), { code: '42P01' }), 'Postgres error'],
  [
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
    'Postgres does not respond',
  ],
  [
    Object.assign(new Error('terminating connection'), { code: '57P01' }),
    'Postgres does not respond',
  ],
  [new Error('Connection terminated unexpectedly'), 'Postgres does not respond'],
  [new OrganizationBusy({ running: 8, waiting: 0, waitMs: 1 }), 'share of database connections'],
  ['a string', "The worker's log has the details."],
  [null, "The worker's log has the details."],
])("%s is reported in Cairn's own words, and is retried", (error, part) => {
  const failure = unexpectedFailure(error)
  expect(failure.message).toContain(part)
  expect(failure.message).not.toMatch(/token|undefined|relation|ECONN|terminat/i)
  expect(failure.cause).toBeUndefined()
  expect(failure.nonRetryable).not.toBe(true)
})

test('an unexpected error of an activity does not expose its text', async () => {
  const db: Database = openDatabase({ url: 'postgres://cairn@127.0.0.1:1/cairn' })
  const activities = createActivities({ db, aws: {} as never, pacers: {} as never })
  const ref = { installationId: 'one', organizationId: 'two', connectionId: 'three' }
  const failure = await new MockActivityEnvironment()
    .run(activities.readConnection, ref)
    .catch((error: Error) => error)
  await db.destroy()
  expect(failure).toBeInstanceOf(ApplicationFailure)
  expect(failure).toMatchObject({ message: 'Postgres does not respond. Cairn retries.' })
})
