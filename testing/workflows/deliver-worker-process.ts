import { pino } from 'pino'
import { createActivities } from '../../src/activities/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { Pacers } from '../../src/aws/pacer.ts'
import { openDatabase } from '../../src/db/database.ts'
import { startWorker } from '../../src/temporal/worker.ts'

// A worker with the real activities for deliver.integration.test.ts, which kills it:
//   node deliver-worker-process.ts DATABASE_URL ADDRESS NAMESPACE INSTALLATION_ID

const [url, address, namespace, installationId] = process.argv.slice(2)
startWorker({
  target: { connection: { address }, namespace: namespace!, uiUrl: null },
  installationId: installationId!,
  activities: createActivities({
    db: openDatabase({ url: url! }),
    aws: new AwsAccess(),
    pacers: new Pacers(),
    deliveriesAtOnce: 5,
  }),
  logger: pino({ level: 'silent' }),
})
