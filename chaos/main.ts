import { parseArgs } from 'node:util'
import { Api } from '../scripts/api.ts'
import { startLiveActivity } from '../simulator/generate.ts'
import { startSimulator } from '../simulator/index.ts'
import { type Command, runCommand, Stopped } from '../src/command.ts'
import { StartError } from '../src/failures.ts'
import { putRole } from '../testing/roles.ts'
import { addHistory, REGIONS } from './account.ts'
import { type Installation, startInstallation } from './installation.ts'
import { describeRound, planRounds } from './plan.ts'
import { type RoundResult, runRound, type Stage } from './round.ts'

const usage = `Usage: npm run chaos [-- --rounds N --seed N]

  --rounds N  how many rounds (default 10)
  --seed N    which faults, and when (default: a random one, which is printed)

Imports a simulated AWS account while processes are killed, Postgres and Temporal crash, and AWS
fails. After each round, compares every event id in the simulator's ledger with the export of the
API. Prints one line a round and a JSON line at the end; ends with status 1 at the first round that
is not right, and keeps its data directory.`

const LOOKBACK_DAYS = 3
/** The shortest that the API accepts. */
const POLL_INTERVAL_SECONDS = 30
const LATENCY_MS = 100
/** How long a request waits for a process that starts again. Milliseconds. */
const RETRY_WITHIN_MS = 240_000

async function main(command: Command): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10' },
      seed: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const rounds = wholeNumber('rounds', values.rounds, 1)
  const seed =
    values.seed === undefined
      ? Math.floor(Math.random() * 1_000_000)
      : wholeNumber('seed', values.seed, 0)
  const signal = command.stopInOrder()
  console.log(`Seed ${seed}, ${rounds} rounds`)
  try {
    await runRounds(seed, rounds, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (signal.aborted) throw new Stopped(signal.reason, `Stopped by ${signal.reason}`)
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least) return value
  throw new StartError(`--${name} takes a whole number, ${least} at least`)
}

async function runRounds(seed: number, count: number, signal: AbortSignal): Promise<void> {
  const began = performance.now()
  const simulator = await startSimulator({ latencyMs: LATENCY_MS, regions: REGIONS })
  addHistory(simulator, seed, Math.min(90, LOOKBACK_DAYS + count + 1))
  const live = startLiveActivity(simulator, { seed })
  let installation: Installation | undefined
  let results: RoundResult[] = []
  try {
    installation = await startInstallation(simulator.env)
    const { url, apiKey } = installation
    const api = new Api({ url, apiKey }, signal, { retryWithinMs: RETRY_WITHIN_MS })
    const connectionId = await connect(api, simulator)
    const stage = { installation, simulator, api, connectionId, signal }
    results = await playRounds(stage, seed, count)
  } finally {
    live.stop()
    const isRight = results.length > 0 && results.every((result) => result.isRight)
    const keepData = !isRight && !signal.aborted
    if (keepData && installation)
      console.error(`The data and the logs are in ${installation.dataDir}`)
    await installation?.stop({ keepData })
    await simulator.close()
  }
  const last = results.at(-1)!
  const right = results.filter(({ isRight }) => isRight).length
  console.log(
    JSON.stringify({
      seed,
      rounds: count,
      right,
      held: last.held,
      wanted: last.wanted,
      imported: last.imported,
      missing: last.missing.length,
      duplicate: last.duplicate.length,
      unknown: last.unknown.length,
      unexpectedExits: installation.server.exits + installation.worker.exits,
      seconds: Math.round((performance.now() - began) / 1000),
    }),
  )
  if (right < count) process.exitCode = 1
}

/** Connects the account as its owner would. */
async function connect(api: Api, simulator: Stage['simulator']): Promise<string> {
  // Waits until the server responds; a POST is not repeated.
  await api.request('GET', '/connections')
  const { id, externalId } = await api.request<{ id: string; externalId: string }>(
    'POST',
    '/connections',
    { name: 'Chaos', lookbackDays: LOOKBACK_DAYS, pollIntervalSeconds: POLL_INTERVAL_SECONDS },
  )
  const roleArn = `arn:aws:iam::${simulator.accountId}:role/cairn-read-only`
  putRole(simulator, { roleArn, externalId })
  await api.request('PATCH', `/connections/${id}`, { roleArn })
  return id
}

/** @returns the results, up to the first that is not right */
async function playRounds(stage: Stage, seed: number, count: number): Promise<RoundResult[]> {
  const results: RoundResult[] = []
  for (const [index, round] of planRounds(seed, count).entries()) {
    const result = await runRound(stage, round, (seed + 1) * 1_000 + index)
    results.push(result)
    console.log(`Round ${index + 1}: ${describeResult(result)} | ${describeRound(round)}`)
    if (result.isRight) continue
    for (const kind of ['missing', 'duplicate', 'unknown'] as const) {
      if (result[kind].length > 0) console.error(`${kind}: ${result[kind].slice(0, 10).join(' ')}`)
    }
    break
  }
  return results
}

function describeResult({
  held,
  wanted,
  imported,
  status,
  isRight,
  seconds,
  ...ids
}: RoundResult): string {
  const verdict = isRight ? 'right' : `WRONG (${status})`
  return (
    `${verdict}, ${seconds} s, held ${held}, wanted ${wanted}, imported ${imported}, missing ${ids.missing.length}, ` +
    `duplicate ${ids.duplicate.length}, unknown ${ids.unknown.length}`
  )
}

runCommand(main)
