import { runService } from './process/service.ts'
import { connectStores, externalStores } from './process/stores.ts'
import { startWorkerParts } from './process/worker-parts.ts'
import { installTemporalRuntime } from './temporal/runtime.ts'

/** `npm run worker`: a worker and a reconciler in a process of their own. */
runService(
  { name: 'The worker', command: 'npm run worker' },
  async ({ config, logger, shutdown }) => {
    const found = externalStores(config, process.env, 'worker')
    installTemporalRuntime(logger)
    startWorkerParts(config, await connectStores(found, { logger, shutdown }), { logger, shutdown })
    return {}
  },
)
