import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonTool } from '../python.ts'

const run = promisify(execFile)

export interface Cli {
  /** Runs `aws …` and gives what it printed, read as JSON; nothing where it printed nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: what AWS answers is what the tests are about.
  aws(env: Record<string, string>, ...args: string[]): Promise<any>
  close(): Promise<void>
}

/** The AWS CLI with nothing of this machine's AWS configuration in it. */
export async function awsCli(): Promise<Cli> {
  const tool = await pythonTool('boto3')
  const home = await mkdtemp(join(tmpdir(), 'aws-cli-'))
  return {
    async aws(env, ...args) {
      const { stdout } = await run(tool.bin('aws'), [...args, '--output', 'json'], {
        env: {
          PATH: process.env.PATH,
          HOME: home,
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_MAX_ATTEMPTS: '1',
          AWS_DEFAULT_REGION: 'us-east-1',
          ...env,
        },
      })
      return stdout.trim() === '' ? undefined : JSON.parse(stdout)
    },
    close: () => rm(home, { recursive: true, force: true }),
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
