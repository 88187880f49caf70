import { randomInt } from 'node:crypto'
import getPort, { portNumbers } from 'get-port'

/** Of the ports of a process, those of this number at the end are only used if others are in use. */
const SPARE = 10
/** Processes of several suites may have the same hundred ports. */
let asked = randomInt(100)

/**
 * A free port that neither other tests nor the system choose on their own: outside the usual ports of
 * the servers and the ephemeral ports (from 32768 on Linux), and another one each time. For tests that
 * release a port and expect to get it again.
 */
export function quietPort(): Promise<number> {
  const first = 20_000 + (process.pid % 100) * 100
  return getPort({
    port: portNumbers(first + (asked++ % (100 - SPARE)), first + 99),
    host: '127.0.0.1',
  })
}
