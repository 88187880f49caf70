import { pino } from 'pino'
import { createActivities } from '../../src/activities/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { Pacers } from '../../src/aws/pacer.ts'
import { openDatabase } from '../../src/db/database.ts'
import { startWorker } from '../../src/temporal/worker.ts'

// A worker with the real activities for the tests that kill it:
//   node reread-worker-process.ts DATABASE_URL ADDRESS NAMESPACE INSTALLATION_ID [RELINK_AT_ONCE]

const [url, address, namespace, installationId, relinkAtOnce = '5'] = process.argv.slice(2)
startWorker({
  target: { connection: { address }, namespace: namespace!, uiUrl: null },
  installationId: installationId!,
  activities: createActivities({
    db: openDatabase({ url: url! }),
    aws: new AwsAccess(),
    pacers: new Pacers(),
    rereadAtOnce: 5,
    relinkAtOnce: Number(relinkAtOnce),
  }),
  logger: pino({ level: 'silent' }),
})
