import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createActivities } from '../../src/activities/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { Pacers } from '../../src/aws/pacer.ts'
import { installationId } from '../../src/db/installation.ts'
import { startWorker } from '../../src/temporal/worker.ts'
import type { TestApi } from '../api.ts'
import { createTemporalNamespace } from '../temporal-namespace.ts'
import { createTestWorkflows } from './client.ts'

const logger = pino({ level: 'silent' })
const AT_ONCE = 5

/**
 * Temporal for the workflows that process stored changes, five at a time: a namespace and a client,
 * and workers in this process or in their own. The test's end stops all of them.
 */
export async function startClientAndWorkers(api: TestApi) {
  const target = await createTemporalNamespace()
  const installation = await installationId(api.db)
  const workflows = createTestWorkflows(target, { installationId: installation, logger })
  onTestFinished(() => workflows.close())
  return {
    installation,
    workflows,
    worker() {
      const running = startWorker({
        target,
        installationId: installation,
        logger,
        activities: createActivities({
          db: api.db,
          aws: new AwsAccess(),
          pacers: new Pacers(),
          relinkAtOnce: AT_ONCE,
          rereadAtOnce: AT_ONCE,
        }),
      })
      onTestFinished(() => running.stop())
    },
    /** A worker that a test can kill. */
    workerProcess() {
      const child = spawn(
        process.execPath,
        [
          fileURLToPath(new URL('./reread-worker-process.ts', import.meta.url)),
          api.databaseUrl,
          target.connection.address!,
          target.namespace,
          installation,
        ],
        { stdio: ['ignore', 'inherit', 'inherit'] },
      )
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    },
  }
}

/** The number of transactions of the test's database that wait for a row. */
export async function blockedOnRows(api: TestApi): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM pg_locks
    WHERE NOT granted AND locktype IN ('transactionid', 'tuple')
      AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
  `.execute(api.superuser)
  return rows[0]!.count
}
