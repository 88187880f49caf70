import type { Logger } from 'pino'
import { createActivities } from '../activities/index.ts'
import { AwsAccess } from '../aws/access.ts'
import { Pacers } from '../aws/pacer.ts'
import type { Config } from '../config.ts'
import { openDatabase } from '../db/database.ts'
import { openWorkerDatabase } from '../db/worker-database.ts'
import { startDeliverStarter } from '../deliver-starter.ts'
import { watchPrincipal } from '../principal-watch.ts'
import { startReconciler } from '../reconciler.ts'
import { startRecoverStarter } from '../recover-starter.ts'
import { startRelinkStarter } from '../relink-starter.ts'
import { startRereadStarter } from '../reread-starter.ts'
import { existingSecretBox } from '../secret-key.ts'
import { startWorker } from '../temporal/worker.ts'
import type { Shutdown } from './shutdown.ts'
import type { Connected } from './stores.ts'

/**
 * Starts the parts that import: the worker with its activities, the principal watch and the
 * reconciler. Also starts the workflows that read stored records again after an upgrade, that
 * apply saved rules to stored changes, that translate webhook deliveries, and that find missed ones.
 */
export function startWorkerParts(
  config: Config,
  stores: Connected,
  { logger, shutdown }: { logger: Logger; shutdown: Shutdown },
): void {
  const { databaseUrl: url, temporal: target, installationId, workflows } = stores
  const onError = (error: Error) =>
    logger.warn({ reason: error.message }, 'Lost a connection to Postgres')
  const db = openWorkerDatabase({ url, onError })
  shutdown.add(() => db.destroy())
  const system = openDatabase({ url, role: 'cairn_system', max: 2, onError })
  shutdown.add(() => system.destroy())

  const aws = new AwsAccess()
  // Only reports the problem: without credentials, stored changes can still be read.
  const principal = watchPrincipal({ aws, db, configured: config.principalArn, logger })
  shutdown.add(() => principal.stop())
  const activities = createActivities({
    db,
    aws,
    pacers: new Pacers(),
    regions: config.regions,
    secrets: () => existingSecretBox(config),
    githubApiUrl: config.githubApiUrl,
  })
  const worker = startWorker({ target, installationId, activities, logger })
  shutdown.add(() => worker.stop())
  const reconciler = startReconciler({ db: system, workflows, logger })
  shutdown.add(() => reconciler.stop())
  const rereadStarter = startRereadStarter({ db, workflows, logger })
  shutdown.add(() => rereadStarter.stop())
  const relinkStarter = startRelinkStarter({ db: system, workflows, logger })
  shutdown.add(() => relinkStarter.stop())
  const deliverStarter = startDeliverStarter({ db: system, workflows, logger })
  shutdown.add(() => deliverStarter.stop())
  const recoverStarter = startRecoverStarter({ db: system, workflows, logger })
  shutdown.add(() => recoverStarter.stop())
}
