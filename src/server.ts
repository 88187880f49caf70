import { announceSetupLink, startServer } from './process/http-server.ts'
import { runService } from './process/service.ts'
import { connectStores, externalStores } from './process/stores.ts'

/** `npm run server`: the API in a process of its own. */
runService(
  { name: 'The server', command: 'npm run server' },
  async ({ config, logger, shutdown }) => {
    const found = externalStores(config, process.env, 'server')
    const { databaseUrl, temporal, workflows } = await connectStores(found, { logger, shutdown })
    const temporalUrl = temporal.uiUrl
    const server = await startServer({ config, databaseUrl, workflows, temporalUrl, logger })
    shutdown.add(() => server.close())
    return { announce: () => announceSetupLink(server.invitationUrl) }
  },
)
