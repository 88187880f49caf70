import { pino } from 'pino'
import { startWorker } from '../../src/temporal/worker.ts'
import { fakeActivities, iso, untilCancelled, World } from './fakes.ts'

// A worker for killed-worker.test.ts, which kills it:
//   node worker-process.ts ADDRESS NAMESPACE INSTALLATION_ID CONNECTION_ID importing|waiting
// Prints a line when it is in the middle of an import, or waits for the next one.

const [address, namespace, installationId, connectionId, situation] = process.argv.slice(2)
const world = new World()
world.import = ({ signal, now }) => {
  console.log('imports')
  return situation === 'importing' ? untilCancelled(signal) : { nextPollAt: iso(now + 5_000) }
}
startWorker({
  target: { connection: { address }, namespace: namespace!, uiUrl: null },
  installationId: installationId!,
  activities: fakeActivities(new Map([[connectionId!, world]]), async () => Date.now()),
  logger: pino({ level: 'silent' }),
})
