import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrate, migrations } from '../../src/db/migrate.ts'
import { dropDatabase, onCluster } from '../../testing/database.ts'

test('each migration runs once, with any number of concurrent processes', async () => {
  const name = `migrate_${process.pid}_${Date.now().toString(36)}`
  await onCluster((client) => client.query(`CREATE DATABASE ${name}`))
  onTestFinished(() => dropDatabase(name))
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`

  await Promise.all(Array.from({ length: 6 }, () => migrate(url.href)))
  await migrate(url.href)

  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  const { rows } = await client.query('SELECT name FROM kysely_migration ORDER BY name')
  await client.end()
  expect(rows.map((row) => row.name)).toEqual(Object.keys(migrations))
})
