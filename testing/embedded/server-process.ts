/**
 * A process of its own that starts an embedded server, says where, and stays: what a test kills.
 * `node server-process.ts postgres|temporal DATA_DIR [PORT]`
 */
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startTemporal } from '../../src/embedded/temporal.ts'

const [kind, dataDir, port] = process.argv.slice(2)
const log = { info() {}, warn: (message: string) => console.error(message) }
const options = { dataDir: dataDir!, log, port: port ? Number(port) : undefined }
const server = await (kind === 'postgres' ? startPostgres(options) : startTemporal(options))
process.on('SIGTERM', () => server.stop().then(() => process.exit(0)))
console.log(JSON.stringify(server))
setInterval(() => {}, 60_000)
