/** Incidents: a change that breaks something among routine work, and the change that fixes it. */

import { type Person, type Place, people, TERRAFORM_ROLE } from './account.ts'
import { agents, assume, consoleOf, githubJob, githubRun, openConsole, signIn } from './callers.ts'
import {
  ingress,
  modifyParameter,
  type Rule,
  rebootDatabase,
  taskDefinitionArn,
  updateFunctionCode,
  updateService,
} from './changes.ts'
import { rollOut } from './deploys.ts'
import type { Call, Script, Work } from './script.ts'

const production = ({ account }: Script): Place =>
  account.places.find(({ environment }) => environment === 'prod')!

/** Nothing of interest: a function's new code, as every day. */
function routine(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const job = githubJob(script, place.region, 'shop-functions')
  const functionName = `${place.name}-sitemap`
  const code = { functionName, commit: random.hex(40), at: script.at }
  script.call(job, place.region, updateFunctionCode(account, place, random, code))
}

/** The rule that lets the application reach its database, and the call that shows it. */
function databaseRule(place: Place): { rule: Rule; describe: Call } {
  const { app, database } = place.groups
  return {
    rule: {
      groupId: database,
      port: 5432,
      from: { groupId: app },
      description: 'PostgreSQL from the application',
    },
    describe: {
      service: 'ec2',
      action: 'DescribeSecurityGroupRules',
      request: {
        filterSet: { items: [{ name: 'group-id', valueSet: { items: [{ value: database }] } }] },
      },
    },
  }
}

function removeDatabaseRule(script: Script, person: Person): void {
  const { account, random } = script
  const place = production(script)
  const { rule, describe } = databaseRule(place)
  const ec2 = consoleOf(script, openConsole(script, person), 'ec2')
  script.wait(2, 4)
  script.call(ec2, place.region, describe)
  script.wait(3, 5)
  script.call(ec2, place.region, ingress(account, 'Revoke', rule, random.ec2Id('sgr')))
}

/** Someone tidies up security groups in the console, and cuts the application off its database. */
function tidyUpRules(script: Script): void {
  const { account, random } = script
  const place = production(script)
  const { rule, describe } = databaseRule(place)
  script.wait(4)
  routine(script)
  script.wait(3, 5)
  removeDatabaseRule(script, people[4]!)
  script.wait(6, 10)
  routine(script)
  script.wait(14 * 60, 18 * 60)
  const ana = consoleOf(script, openConsole(script, people[0]!), 'ec2')
  script.call(ana, place.region, describe)
  script.wait(10, 20)
  script.call(ana, place.region, ingress(account, 'Authorize', rule, random.ec2Id('sgr')))
}

/** Terraform brings a parameter to the value of another environment: the database runs out of connections. */
function lowerConnections(script: Script): void {
  const { account } = script
  const place = production(script)
  const { region } = place
  const open = (index: number) => {
    const person = people[index]!
    const own = { ...signIn(script, person), userAgent: agents.terraform(person.os) }
    const name = `aws-go-sdk-${Math.floor(script.at)}000000`
    return assume(script, own, region, { role: TERRAFORM_ROLE, name })
  }
  script.wait(4)
  routine(script)
  script.wait(2, 4)
  const jonas = open(1)
  script.call(jonas, region, {
    service: 'rds',
    action: 'DescribeDBParameters',
    request: { dBParameterGroupName: place.parameterGroup, source: 'user' },
  })
  script.call(jonas, region, modifyParameter(place, 'max_connections', '60', 'pending-reboot'))
  script.wait(2, 4)
  script.call(jonas, region, rebootDatabase(account, place))
  script.wait(6, 10)
  routine(script)
  script.wait(15 * 60, 20 * 60)
  const ana = open(0)
  script.call(ana, region, modifyParameter(place, 'max_connections', '800', 'pending-reboot'))
  script.wait(3, 6)
  script.call(ana, region, rebootDatabase(account, place))
}

/** A deploy sets the checkout's memory to a quarter of what it needs; someone rolls it back manually. */
function starveCheckout(script: Script): void {
  const { account, random } = script
  const place = production(script)
  const { region } = place
  const image = `${account.id}.dkr.ecr.${region}.amazonaws.com/shop-checkout:${random.hex(40)}`
  script.wait(4)
  routine(script)
  script.wait(2, 4)
  const job = githubJob(script, region, 'shop-checkout')
  rollOut(script, job, place, { service: 'checkout', image, memory: 512 })
  routine(script)
  script.wait(12 * 60, 16 * 60)
  const mei = openConsole(script, people[2]!)
  script.wait(10, 20)
  const taskDefinition = taskDefinitionArn(account, place, 'checkout', script.ordinal - 24)
  const change = { service: 'checkout', taskDefinition, desiredCount: 4, force: true }
  script.call(consoleOf(script, mei, 'ecs'), region, updateService(account, place, random, change))
}

/** A deploy of the checkout, as its pipeline and its repository know it. */
export interface Release {
  repository: string
  commit: string
  /** The ID of the workflow run. */
  run: number
  startedAt: Date
  endedAt: Date
}

/**
 * A pipeline deploys the checkout, and all is well. Minutes later someone removes a rule of the
 * database's security group in the console, which nothing connects with the deploy.
 *
 * @param pauseSeconds from the end of the deploy to the change in the console
 */
export function releaseThenTidyUp(script: Script, pauseSeconds: number): Release {
  const { account, random } = script
  const place = production(script)
  const { region } = place
  const commit = random.hex(40)
  const run = githubRun(script)
  const startedAt = new Date(script.at)
  const image = `${account.id}.dkr.ecr.${region}.amazonaws.com/shop-checkout:${commit}`
  const job = githubJob(script, region, 'shop-checkout', run)
  rollOut(script, job, place, { service: 'checkout', image, memory: 2048 })
  const endedAt = new Date(script.at)
  script.wait(pauseSeconds)
  removeDatabaseRule(script, people[4]!)
  return { repository: 'example-org/shop-checkout', commit, run, startedAt, endedAt }
}

/** Played in this order, repeatedly. */
export const stories: readonly Work[] = [tidyUpRules, lowerConnections, starveCheckout]
