import type { FaultSpec, Simulator } from '../simulator/index.ts'
import type { Installation } from './installation.ts'
import type { Fault, FaultKind } from './plan.ts'

interface Target {
  installation: Installation
  simulator: Simulator
}

const SLOW_MS = 3_000
const PROXY_PAGE = '<html><body>502 Bad Gateway</body></html>'

/** How each fault is caused. What it ends is running or starting again when the promise resolves. */
const causes: Record<FaultKind, (target: Target, fault: Fault) => void | Promise<void>> = {
  'kill-worker': ({ installation }) => killAndStart(installation.worker),
  'kill-server': ({ installation }) => killAndStart(installation.server),
  'kill-both': async ({ installation: { worker, server } }) => {
    await Promise.all([killAndStart(worker), killAndStart(server)])
  },
  'power-cut': ({ installation }) => installation.cutPower(),
  'end-backends': ({ installation }) => installation.endBackends(),
  'crash-postgres': ({ installation }) => installation.crashPostgres(),
  'restart-temporal': ({ installation }) => installation.restartTemporal(),
  'lose-temporal': ({ installation }) => installation.restartTemporal({ loseDatabase: true }),
  throttle: lookups({ effect: 'error', code: 'ThrottlingException' }),
  'server-error': lookups({ effect: 'error', code: 'InternalFailure', status: 500 }),
  drop: lookups({ effect: 'drop' }),
  hang: lookups({ effect: 'hang' }),
  slow: lookups({ effect: 'delay', delayMs: SLOW_MS }),
  'proxy-page': lookups({ effect: 'answer', status: 502, body: PROXY_PAGE }),
  unordered: lookups({ effect: 'unordered' }),
  'expire-tokens': ({ simulator }) => simulator.configure({ tokenMaxPages: 2 }),
  'refuse-session': ({ simulator }, { calls, every }) =>
    simulator.failNext({
      service: 'sts',
      effect: 'error',
      code: 'ServiceUnavailable',
      times: calls,
      every,
    }),
}

function lookups(spec: Pick<FaultSpec, 'effect' | 'code' | 'status' | 'delayMs' | 'body'>) {
  return ({ simulator }: Target, { calls, every }: Fault) =>
    simulator.failNext({
      ...spec,
      service: 'cloudtrail',
      operation: 'LookupEvents',
      times: calls,
      every,
    })
}

async function killAndStart(part: Installation['worker']): Promise<void> {
  await part.kill()
  part.start()
}

export async function cause(target: Target, fault: Fault): Promise<void> {
  await causes[fault.kind](target, fault)
}

/** Ends all faults of the simulated AWS. */
export function clearAwsFaults(simulator: Simulator): void {
  simulator.clearFaults()
  simulator.configure({ tokenMaxPages: null })
}
