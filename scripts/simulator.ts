/**
 * The simulated AWS alone: `--port N [--records FILE]`. Runs until it is interrupted. Without recorded
 * events, its account has a generated history and continues to produce events.
 *
 * With recorded events, there is no request quota unless `--tps` sets one.
 */

import { parseArgs } from 'node:util'
import { generateHistory, startLiveActivity } from '../simulator/generate.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import { aborted, type Command, runCommand } from '../src/command.ts'
import { StartError } from '../src/failures.ts'

const usage = `Usage: npm run simulator -- --port N [options]
  --port N           port on 127.0.0.1
  --records FILE     plays recorded CloudTrail records (JSON lines, plain or gzip)
  --days N           days of generated history, 0 to 90 (default 14); 0 leaves the account empty
  --seed N           seed of the generated account (default 1)
  --story            soon after the start, a change causes an outage, which is fixed later
  --tps N            LookupEvents requests a second per region (default 2; none with --records)
  --latency MS       median response time (default 400)
  --account ID       the customer account (default 111122223333)
  --principal ARN    the role that Cairn runs as (default arn:aws:iam::999988887777:role/cairn)
`

const DAY_MS = 86_400_000

async function main(command: Command): Promise<void> {
  const options = readOptions()
  if (options === 'help') return console.log(usage)
  const { records, days, seed, story } = options
  const simulator = await startSimulator(options.simulator)
  if (records !== undefined) {
    const { added, ignored, oldest, newest, regionMap } = await simulator.playRecords(records)
    if (added === 0) throw new StartError(`${records} contains no records`)
    const twice = ignored > 0 ? `, ${ignored} lines with a repeated eventID are ignored` : ''
    console.log(`${records}: ${added} events from ${oldest} to ${newest}${twice}`)
    for (const [name, region] of Object.entries(regionMap))
      console.log(`  region ${name} is played as ${region}`)
  } else if (days > 0) {
    const to = new Date(simulator.now())
    const from = new Date(to.getTime() - days * DAY_MS)
    const history = generateHistory({ seed, accountId: simulator.accountId, from, to })
    const { added } = simulator.addEvents(history)
    startLiveActivity(simulator, { seed, story })
    console.log(`${added} generated events from ${days} days; more follow over time`)
  }
  const signal = command.stopInOrder()
  console.log(instructions(simulator))
  await aborted(signal)
  await simulator.close()
}

/** @throws StartError with the reason and the usage, ControlError for input that the simulator rejects */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string' },
        records: { type: 'string' },
        days: { type: 'string', default: '14' },
        seed: { type: 'string', default: '1' },
        story: { type: 'boolean', default: false },
        tps: { type: 'string' },
        latency: { type: 'string' },
        account: { type: 'string' },
        principal: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) return 'help'
    const tps = values.tps ?? (values.records ? undefined : '2')
    return {
      records: values.records,
      days: number('days', values.days, 90),
      seed: number('seed', values.seed),
      story: values.story,
      simulator: {
        port: number('port', values.port ?? '', 65_535),
        tps: tps === undefined ? null : number('tps', tps),
        latencyMs: number('latency', values.latency ?? '400'),
        accountIds: values.account === undefined ? undefined : [values.account],
        vendorPrincipalArn: values.principal,
      },
    }
  } catch (error) {
    throw new StartError(
      `${(error as Error).message}\nFor the options: npm run simulator -- --help`,
    )
  }
}

/** A whole number, except for `tps`, where half a request a second makes sense. */
function number(name: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text)
  if (
    text.trim() === '' ||
    !(value >= 0 && value <= max) ||
    (name !== 'tps' && !Number.isInteger(value))
  ) {
    const range = max < Number.MAX_SAFE_INTEGER ? ` from 0 to ${max}` : ''
    throw new Error(`--${name} needs a ${name === 'tps' ? '' : 'whole '}number${range}`)
  }
  return value
}

/** What to do next, as commands that can be pasted into a shell. */
function instructions({ url, env, accountId, vendor, administrator: keys }: Simulator): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${value}`)
  const { accessKeyId, secretAccessKey } = keys()
  const administrator = [
    `export AWS_ENDPOINT_URL=${url}`,
    `export AWS_REGION=${env.AWS_REGION} AWS_DEFAULT_REGION=${env.AWS_REGION}`,
    `export AWS_ACCESS_KEY_ID=${accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${secretAccessKey}`,
    'unset AWS_SESSION_TOKEN',
  ]
  const role = JSON.stringify({
    arn: `arn:aws:iam::${accountId}:role/cairn-read-only`,
    trustPolicy: {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: vendor.principalArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'THE_EXTERNAL_ID' } },
      },
    },
    policies: [
      {
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Action: [
            'cloudtrail:LookupEvents',
            'cloudtrail:Describe*',
            'cloudtrail:Get*',
            'cloudtrail:List*',
          ],
          Resource: '*',
        },
      },
    ],
  })
  return `The simulated AWS listens on ${url}. The keys are valid only there.

${variables.join('\n')}

Create a role in account ${accountId}:
  curl -X PUT ${url}/_simulator/roles -d '${role}'

Or create it as a customer would, with aws cloudformation and aws iam, as the account's administrator:
${administrator.join('\n')}

All other routes: curl ${url}/_simulator/help`
}

runCommand(main)
