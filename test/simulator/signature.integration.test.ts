import { ListTrailsCommand, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Credentials, type Simulator, startSimulator } from '../../simulator/index.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  putCustomerRole,
  stsClient,
} from '../../testing/simulator/support.ts'

let simulator: Simulator

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
  putCustomerRole(simulator)
})

afterEach(() => simulator.close())

const ask = (credentials: Credentials) =>
  awsErrorOf(stsClient(simulator, { credentials }).send(new GetCallerIdentityCommand({})))
const lookUp = (credentials: Credentials) =>
  awsErrorOf(cloudTrailClient(simulator, credentials).send(new LookupEventsCommand({})))

describe('a key', () => {
  test('is unknown if it was never issued', async () => {
    const key = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' }
    const message = 'The security token included in the request is invalid.'
    expect(await ask(key)).toEqual({ name: 'InvalidClientTokenId', message, status: 403 })
    expect(await lookUp(key)).toEqual({ name: 'UnrecognizedClientException', message, status: 400 })
  })

  test('with another secret does not match', async () => {
    const session = await assume(simulator)
    const forged = { ...session, secretAccessKey: `${session.secretAccessKey}x` }
    expect(await ask(forged)).toMatchObject({ name: 'SignatureDoesNotMatch', status: 403 })
    expect(await lookUp(forged)).toMatchObject({ name: 'InvalidSignatureException', status: 400 })
  })

  test("is unknown with another session's token, or without one", async () => {
    const [one, other] = [await assume(simulator), await assume(simulator)]
    const swapped = { ...one, sessionToken: other.sessionToken }
    expect((await ask(swapped)).name).toBe('InvalidClientTokenId')
    const { sessionToken: _, ...bare } = one
    expect((await ask(bare)).name).toBe('InvalidClientTokenId')
  })
})

describe('a clock', () => {
  // The SDK corrects its clock by what it is answered: each call needs a client that has not learnt.
  test('may differ by up to five minutes', async () => {
    const { credentials } = simulator.vendor
    for (const clockOffsetMs of [-290_000, 290_000]) {
      simulator.configure({ clockOffsetMs })
      expect(await ask(credentials)).toEqual({})
    }
    simulator.configure({ clockOffsetMs: 310_000 })
    const late = await ask(credentials)
    expect(late.name).toBe('SignatureDoesNotMatch')
    expect(late.message).toMatch(/^Signature expired: \d{8}T\d{6}Z is now earlier than/)
    simulator.configure({ clockOffsetMs: -310_000 })
    const early = await ask(credentials)
    expect(early.message).toMatch(/^Signature not yet current: \d{8}T\d{6}Z is still later than/)
    expect(await lookUp(credentials)).toMatchObject({ name: 'InvalidSignatureException' })
    simulator.configure({ skewToleranceSeconds: null })
    expect(await ask(credentials)).toEqual({})
  })
})

describe('a request', () => {
  const post = (headers: Record<string, string>, body = 'Action=GetCallerIdentity') =>
    fetch(simulator.url, { method: 'POST', headers, body })

  test('without a signature is rejected, in its own protocol', async () => {
    const query = await post({ 'content-type': 'application/x-www-form-urlencoded' })
    expect(query.status).toBe(403)
    expect(await query.text()).toContain('<Code>MissingAuthenticationToken</Code>')
    const json = await post({ 'x-amz-target': 'CloudTrail_20131101.LookupEvents' }, '{}')
    expect(json.status).toBe(400)
    expect(await json.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' })
  })

  test('with half a signature is incomplete', async () => {
    const answer = await post({ authorization: 'AWS4-HMAC-SHA256 Credential=x' })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('<Code>IncompleteSignature</Code>')
  })

  test('does not match its signature if its body was changed', async () => {
    const client = stsClient(simulator)
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string }
        request.body = request.body.replace('2011-06-15', '2011-06-16')
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    const call = client.send(new GetCallerIdentityCommand({}))
    expect((await awsErrorOf(call)).name).toBe('SignatureDoesNotMatch')
  })

  test('always gets a date and a request ID', async () => {
    simulator.configure({ clockOffsetMs: 3_600_000 })
    const answer = await post({})
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
    const ahead = Date.parse(answer.headers.get('date')!) - Date.now()
    expect(Math.round(ahead / 60_000)).toBe(60)
  })

  test('for an operation that is not simulated is rejected', async () => {
    const session = stsClient(simulator).send(new GetSessionTokenCommand({}))
    expect(await awsErrorOf(session)).toMatchObject({ name: 'InvalidAction', status: 400 })
    const cloudTrail = cloudTrailClient(simulator, await assume(simulator))
    const trails = cloudTrail.send(new ListTrailsCommand({}))
    expect(await awsErrorOf(trails)).toMatchObject({
      name: 'UnknownOperationException',
      status: 400,
    })
  })
})
