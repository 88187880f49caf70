import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pythonTool } from '../python.ts'

export interface Cli {
  /**
   * Runs `aws …` and returns its output, read as JSON; undefined where it printed nothing.
   *
   * @throws with its error output, where its exit status is not 0
   */
  // biome-ignore lint/suspicious/noExplicitAny: what AWS answers is what the tests are about.
  aws(env: Record<string, string>, ...args: string[]): Promise<any>
  close(): Promise<void>
}

interface Answer {
  id: number
  code: number
  stdout: string
  stderr: string
}

const script = fileURLToPath(new URL('aws_cli.py', import.meta.url))

/** The AWS CLI with nothing of this machine's AWS configuration in it. */
export async function awsCli(): Promise<Cli> {
  const tool = await pythonTool('boto3')
  const home = await mkdtemp(join(tmpdir(), 'aws-cli-'))
  const child = spawn(tool.python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      PYTHONUTF8: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_DEFAULT_REGION: 'us-east-1',
    },
  })
  const exited = once(child, 'exit')
  const waiting = new Map<number, PromiseWithResolvers<Answer>>()
  createInterface(child.stdout).on('line', (line) => {
    const answer: Answer = JSON.parse(line)
    waiting.get(answer.id)?.resolve(answer)
    waiting.delete(answer.id)
  })
  exited.then(([code]) => {
    for (const each of waiting.values()) each.reject(new Error(`The AWS CLI ended with ${code}`))
  })
  let commands = 0
  return {
    async aws(env, ...args) {
      const id = ++commands
      const answered = Promise.withResolvers<Answer>()
      waiting.set(id, answered)
      child.stdin.write(`${JSON.stringify({ id, env, args: [...args, '--output', 'json'] })}\n`)
      const { code, stdout, stderr } = await answered.promise
      if (code !== 0) throw new Error(`aws ${args.join(' ')} ended with ${code}: ${stderr}`)
      return stdout.trim() === '' ? undefined : JSON.parse(stdout)
    },
    async close() {
      child.stdin.end()
      await exited
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The environment in which a command is run with these keys. */
export const keys = (
  endpoint: string,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
})
