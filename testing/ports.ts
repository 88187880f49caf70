import getPort, { portNumbers } from 'get-port'

let asked = 0

/**
 * A free port that neither other tests nor the system choose on their own: outside the usual ports of
 * the servers and the ephemeral ports (from 32768 on Linux), and another one each time. For tests that
 * release a port and expect to get it again.
 */
export function quietPort(): Promise<number> {
  const first = 20_000 + (process.pid % 100) * 100
  return getPort({
    port: portNumbers(first + (asked++ % 90), first + 99),
    host: '127.0.0.1',
  })
}
