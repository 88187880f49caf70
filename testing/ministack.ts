import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { quietPort } from './ports.ts'
import { pythonTool } from './python.ts'

export interface Ministack {
  url: string
  /** The environment of an account's root user, for the AWS CLI and for SDKs; it names no region. */
  account(accountId: string): {
    AWS_ENDPOINT_URL: string
    AWS_ACCESS_KEY_ID: string
    AWS_SECRET_ACCESS_KEY: string
  }
  stop(): Promise<void>
}

/** Python needs seconds to load it. */
const START_LIMIT_MS = 240_000
/** Of every account's root user, whose access key is the account's id. */
export const MINISTACK_SECRET = 'ministack-root-secret'

/**
 * An AWS made by others, in a process of its own: it checks signatures, trust policies and
 * permissions, and records calls as CloudTrail events. Every account id that is asked for exists.
 */
export async function startMinistack(): Promise<Ministack> {
  const { bin } = await pythonTool('ministack')
  const folder = await mkdtemp(path.join(tmpdir(), 'ministack-'))
  const port = await quietPort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(bin('ministack'), {
    cwd: folder,
    stdio: 'ignore',
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      AUTH: 'true',
      CLOUDTRAIL_RECORDING: '1',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      AWS_ACCESS_KEY_ID: 'root',
      AWS_SECRET_ACCESS_KEY: MINISTACK_SECRET,
    },
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
  const isHealthy = () =>
    fetch(`${url}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (const began = Date.now(); !(await isHealthy()); await sleep(100)) {
    if (child.exitCode === null && Date.now() - began < START_LIMIT_MS) continue
    await stop()
    throw new Error(`ministack did not start within ${START_LIMIT_MS / 1000} s, or ended`)
  }
  return {
    url,
    account: (accountId) => ({
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: accountId,
      AWS_SECRET_ACCESS_KEY: MINISTACK_SECRET,
    }),
    stop,
  }
}
