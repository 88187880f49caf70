import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { type PythonTool, pythonTool } from '../../testing/python.ts'
import {
  assume,
  EXTERNAL_ID,
  putCustomerRole,
  ROLE,
  simulatedRecord,
} from '../../testing/simulator/support.ts'

// Clients that share no code with the JavaScript SDK, nor with the simulator.

const run = promisify(execFile)
const script = fileURLToPath(new URL('boto3_client.py', import.meta.url))

let tool: PythonTool
let home: string
let simulator: Simulator

beforeAll(async () => {
  tool = await pythonTool('boto3')
  home = await mkdtemp(join(tmpdir(), 'clients-'))
})

afterAll(() => rm(home, { recursive: true, force: true }))

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
  putCustomerRole(simulator)
})

afterEach(() => simulator.close())

/** An environment with nothing of this machine's AWS configuration in it. */
const environment = (variables: Record<string, string>) => ({
  PATH: process.env.PATH,
  HOME: home,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
  ...variables,
})

function addHistory(): string[] {
  const changes = Array.from({ length: 120 }, (_, index) => simulatedRecord(simulator, 600 + index))
  simulator.addEvents(changes)
  simulator.addEvents([simulatedRecord(simulator, 650, { readOnly: true })])
  return changes.map(({ eventID }) => String(eventID))
}

test('boto3 assumes the role, is denied where it should be, and reads everything', async () => {
  const ids = addHistory()
  const { AWS_ENDPOINT_URL: url, AWS_REGION, ...keys } = simulator.env
  const env = environment({
    ...keys,
    AWS_DEFAULT_REGION: AWS_REGION!,
    AWS_ENDPOINT_URL_STS: url!,
    AWS_ENDPOINT_URL_CLOUDTRAIL: url!,
  })
  const { stdout } = await run(tool.python, [script, ROLE, EXTERNAL_ID], { env })
  const seen = JSON.parse(stdout)
  expect(seen).toMatchObject({
    caller: 'arn:aws:sts::999988887777:assumed-role/cairn/session',
    assumed: 'arn:aws:sts::111122223333:assumed-role/cairn-read-only/boto3',
    withoutExternalId: ['AccessDenied', 403],
    wrongExternalId: ['AccessDenied', 403],
    forgedSecret: ['InvalidSignatureException', 400],
    notEnabled: ['UnrecognizedClientException', 400],
    backwards: ['InvalidTimeRangeException', 400],
    unknownToken: ['InvalidNextTokenException', 400],
    pages: [50, 50, 20],
    trails: ['management-events'],
  })
  expect(Math.round(seen.remaining / 60)).toBe(15)
  expect(seen.ids).toEqual(ids)
  expect(seen.first).toMatchObject({ EventName: 'StopInstances', ReadOnly: 'false' })
  expect(JSON.parse(seen.first.CloudTrailEvent).eventTime).toBe(
    `${new Date(seen.first.EventTime * 1000).toISOString().slice(0, 19)}Z`,
  )
})

test("the AWS CLI assumes the role with the simulator's environment", async () => {
  const ids = addHistory()
  const aws = async (env: Record<string, string>, ...args: string[]) => {
    const options = { env: environment({ AWS_DEFAULT_REGION: 'us-east-1', ...env }) }
    const { stdout } = await run(tool.bin('aws'), [...args, '--output', 'json'], options)
    return JSON.parse(stdout)
  }
  const assumeRole = ['sts', 'assume-role', '--role-arn', ROLE, '--role-session-name', 'cli']
  const { AssumedRoleUser } = await aws(
    simulator.env,
    ...[...assumeRole, '--external-id', EXTERNAL_ID],
  )
  expect(AssumedRoleUser.Arn).toBe('arn:aws:sts::111122223333:assumed-role/cairn-read-only/cli')
  await expect(aws(simulator.env, ...assumeRole)).rejects.toThrow(
    'An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:sts::999988887777:assumed-role/cairn/session is not authorized to perform: sts:AssumeRole',
  )

  const session = await assume(simulator)
  const env = {
    AWS_ENDPOINT_URL: simulator.url,
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken!,
  }
  const attribute = 'AttributeKey=ReadOnly,AttributeValue=false'
  const { Events } = await aws(env, 'cloudtrail', 'lookup-events', '--lookup-attributes', attribute)
  expect(Events.map(({ EventId }: { EventId: string }) => EventId)).toEqual(ids)
})
