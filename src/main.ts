import { startCairn } from './process/cairn.ts'
import { announceSetupLink } from './process/http-server.ts'
import { runService } from './process/service.ts'

/** `npm start`: everything in one process. */
runService({ name: 'Cairn', command: 'npm start' }, async ({ config, logger, shutdown }) => {
  const cairn = await startCairn(config, { env: process.env, logger })
  shutdown.add(() => cairn.stop())
  return {
    failed: cairn.failed,
    announce() {
      const { url, invitationUrl, temporalUrl } = cairn
      logger.info(`The API is at ${url}/api/v1, its OpenAPI document at ${url}/api/openapi.json`)
      announceSetupLink(invitationUrl)
      if (temporalUrl) logger.info(`Temporal's UI is at ${temporalUrl}`)
    },
  }
})
