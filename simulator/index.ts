import type { AddressInfo } from 'node:net'
import { Accounts, allowEverything } from './accounts.ts'
import { type Stack, Stacks } from './cloudformation.ts'
import { AwsError, ControlError } from './errors.ts'
import { Faults } from './faults.ts'
import { createHttpServer } from './http.ts'
import { Ledger } from './ledger.ts'
import { parsePolicy } from './policy.ts'
import type { Call, Trace } from './query.ts'
import { bringUpToDate, readRecords } from './records.ts'
import { changeSettings, defaultSettings } from './settings.ts'
import { DELIVERY_SECONDS, recordOf } from './trail.ts'
import type { Credentials, Settings, Simulator, SimulatorOptions } from './types.ts'

export { oneSecondRecords } from './records.ts'
export type * from './types.ts'

/**
 * Starts a simulated AWS on 127.0.0.1: STS, CloudTrail, and IAM and CloudFormation for roles, over their real wire
 * protocols, for any client that is
 * configured with its address as AWS_ENDPOINT_URL.
 *
 * @throws when the port is in use, or an option makes no sense
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    port = 0,
    accountIds = ['111122223333'],
    regions,
    vendorPrincipalArn = 'arn:aws:iam::999988887777:role/cairn',
    vendorPolicies = [
      {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
      },
    ],
    ...initialSettings
  } = options
  const settings: Settings = { ...defaultSettings }
  changeSettings(settings, initialSettings)
  const now = () => Date.now() + settings.clockOffsetMs

  const [accountId] = accountIds
  if (accountId === undefined) throw new ControlError('There must be a customer account')
  const accounts = new Accounts(vendorPrincipalArn.split(':')[1] ?? '', now)
  for (const id of accountIds) {
    const account = accounts.account(id)
    if (regions) account.regions = new Set(regions)
  }
  const credentials = accounts.createPrincipal({
    arn: vendorPrincipalArn,
    policies: vendorPolicies,
    // Their user cannot renew these credentials, so they stay valid during every demo and after every clock shift.
    durationSeconds: 10 * 365 * 86_400,
  })
  const ledger = new Ledger(accounts, now)
  const faults = new Faults()
  const stacks = new Stacks(now, () => settings.stackMs)
  const trace = (one: Trace) => {
    if (!settings.recordsCalls) return
    const held = { deliveryDelaySeconds: DELIVERY_SECONDS, defaultAccountId: one.session.accountId }
    ledger.add([recordOf(one, now())], held)
  }
  const administrators = new Map<string, Credentials>()
  const administrator = (id: string): Credentials => {
    const known = administrators.get(id)
    if (known) return known
    const arn = `arn:${accounts.partition.name}:iam::${id}:user/administrator`
    const made = accounts.createPrincipal({ arn, policies: [allowEverything] })
    administrators.set(id, made)
    return made
  }
  /** As the administrator; an AWS error becomes an error of the control. */
  const asAdministrator = async (
    { accountId: id = accountId, region = accounts.partition.globalRegion },
    act: (call: Call) => Promise<Stack>,
  ): Promise<Stack> => {
    const session = accounts.session(administrator(id).accessKeyId)!
    if (!accounts.account(id).regions.has(region)) {
      throw new ControlError(`The region ${region} is not enabled in account ${id}`)
    }
    return act({ session, region, accounts, trace }).catch((error: unknown) => {
      if (!(error instanceof AwsError)) throw error
      throw new ControlError(`${error.code}: ${error.message}`)
    })
  }

  const simulator: Simulator = {
    // Known once the server listens.
    url: '',
    port: 0,
    env: {},
    accountId,
    vendor: {
      accountId: vendorPrincipalArn.split(':')[4]!,
      principalArn: vendorPrincipalArn,
      credentials,
    },
    ledger,
    now,
    putRole: (role) => accounts.putRole(role),
    roles: () => accounts.roles().map(({ arn }) => arn),
    deleteRole: (arn) => accounts.deleteRole(arn),
    createPrincipal: (principal) => accounts.createPrincipal(principal),
    administrator: (id = accountId) => administrator(id),
    async createStack({ template, parameters = {}, stackName = 'cairn-read-only', ...rest }) {
      const stack = await asAdministrator(rest, async (call) => {
        const begun = stacks.create(call, {
          name: stackName,
          body: template,
          parameters: new Map(Object.entries(parameters)),
          capabilities: rest.capabilities ?? ['CAPABILITY_NAMED_IAM'],
        })
        await stacks.settled(begun)
        return begun
      })
      expectStatus(stack, 'CREATE_COMPLETE')
      const outputs = stack.outputs.map(({ key, value }) => [key, value])
      return { stackId: stack.id, outputs: Object.fromEntries(outputs) }
    },
    async deleteStack({ stackName = 'cairn-read-only', ...rest }) {
      const stack = await asAdministrator(rest, async (call) => {
        const [found] = stacks.describe(call, stackName)
        stacks.delete(call, found!.id)
        await stacks.settled(found!)
        return found!
      })
      expectStatus(stack, 'DELETE_COMPLETE')
    },
    setPolicies: (arn, policies) => accounts.setPolicies(arn, policies),
    setServiceControlPolicies(policies, id = accountId) {
      accounts.account(id).serviceControlPolicies = policies.map((policy) =>
        parsePolicy(policy, 'identity'),
      )
    },
    denyLookupEvents(denied, id = accountId) {
      const Condition = { StringEquals: { 'aws:RequestedRegion': denied } }
      const statement = { Effect: 'Deny', Action: 'cloudtrail:LookupEvents', Resource: '*' }
      const policy = { Version: '2012-10-17', Statement: [{ ...statement, Condition }] }
      simulator.setServiceControlPolicies(denied.length > 0 ? [policy] : [], id)
    },
    enableRegion: (region, id = accountId) => void accounts.account(id).regions.add(region),
    disableRegion: (region, id = accountId) => void accounts.account(id).regions.delete(region),
    setTrails(trails, id = accountId) {
      accounts.account(id).trails = trails.map((trail) => ({
        multiRegion: true,
        logging: true,
        ...trail,
      }))
    },
    addEvents: (records, addOptions = {}) =>
      ledger.add(records, { ...addOptions, defaultAccountId: accountId }),
    async playRecords(file, id = accountId) {
      const records = await readRecords(file)
      const { partition } = accounts
      const moved = bringUpToDate(records, { accountId: id, partition, now: now() })
      for (const { awsRegion } of records) {
        if (typeof awsRegion === 'string') accounts.account(id).regions.add(awsRegion)
      }
      return { ...ledger.add(records, { accountId: id, defaultAccountId: id }), ...moved }
    },
    failNext: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    settings: () => ({ ...settings }),
    configure: (changes) => changeSettings(settings, changes),
    async close() {
      stacks.close()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  const server = createHttpServer({
    accounts,
    ledger,
    faults,
    stacks,
    trace,
    settings: () => settings,
    now,
    simulator,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const url = `http://127.0.0.1:${bound}`
  return Object.assign(simulator, {
    url,
    port: bound,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: accounts.partition.globalRegion,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      ...(credentials.sessionToken && { AWS_SESSION_TOKEN: credentials.sessionToken }),
    },
  })
}

/** @throws ControlError with the reason of the first resource that failed */
function expectStatus(stack: Stack, wanted: string): void {
  if (stack.status === wanted) return
  const failed = stack.events.find(({ status }) => status.endsWith('_FAILED'))
  const why = failed ? `: ${failed.logicalId} ${failed.status}: ${failed.reason}` : ''
  throw new ControlError(`The stack ${stack.name} is in ${stack.status}${why}`)
}
