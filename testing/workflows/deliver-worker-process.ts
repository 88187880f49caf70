import { pino } from 'pino'
import { createActivities } from '../../src/activities/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { Pacers } from '../../src/aws/pacer.ts'
import { openDatabase } from '../../src/db/database.ts'
import { SecretBox } from '../../src/integrations/secret-box.ts'
import { startWorker } from '../../src/temporal/worker.ts'

// A worker with the real activities for deliver.integration.test.ts and recover.integration.test.ts,
// which kill it:
//   node deliver-worker-process.ts DATABASE_URL ADDRESS NAMESPACE INSTALLATION_ID [GITHUB_API_URL SECRET_KEY]

const [url, address, namespace, installationId, githubApiUrl, secretKey = ''] =
  process.argv.slice(2)
startWorker({
  target: { connection: { address }, namespace: namespace!, uiUrl: null },
  installationId: installationId!,
  activities: createActivities({
    db: openDatabase({ url: url! }),
    aws: new AwsAccess(),
    pacers: new Pacers(),
    deliveriesAtOnce: 5,
    githubApiUrl,
    secrets: () => new SecretBox([Buffer.from(secretKey, 'base64')]),
  }),
  logger: pino({ level: 'silent' }),
})
