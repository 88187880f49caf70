/**
 * A process of its own that starts an embedded server, says where, and stays: what a test kills.
 * `node server-process.ts postgres|temporal DATA_DIR`
 */
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startTemporal } from '../../src/embedded/temporal.ts'

const [kind, dataDir] = process.argv.slice(2)
const log = { info() {}, warn: (message: string) => console.error(message) }
const server =
  kind === 'postgres'
    ? await startPostgres({ dataDir: dataDir!, log })
    : await startTemporal({ dataDir: dataDir!, log })
process.on('SIGTERM', () => server.stop().then(() => process.exit(0)))
console.log(JSON.stringify(server))
setInterval(() => {}, 60_000)
