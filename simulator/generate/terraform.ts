/** Terraform's plans and applies, by people and by pipelines. */

import { type Person, type Place, people, TERRAFORM_ROLE } from './account.ts'
import { agents, assume, githubJob, instance, signIn } from './callers.ts'
import {
  createSecurityGroup,
  createTags,
  deleteSecurityGroup,
  ingress,
  type Rule,
  runInstances,
  settings,
  terminateInstance,
} from './changes.ts'
import { refresh } from './reads.ts'
import { anywhereIn, type Call, type Caller, type Script } from './script.ts'
import { reportToSystemsManager } from './services.ts'

/** A person in a terminal, signed in, with the role that Terraform uses. */
function terraformer(script: Script, person: Person, region: string): Caller {
  const own = { ...signIn(script, person), userAgent: agents.terraform(person.os) }
  script.call(own, region, { service: 'sts', action: 'GetCallerIdentity' })
  // Some name their sessions in their profile; otherwise the SDK makes up a name.
  const name =
    person.permissionSet === 'AdministratorAccess'
      ? person.email
      : `aws-go-sdk-${Math.floor(script.at)}${script.random.text('0123456789', 6)}`
  return assume(script, own, region, { role: TERRAFORM_ROLE, name })
}

function refreshState(script: Script, caller: Caller, place: Place, share: number): void {
  const calls = refresh(script.account, place)
  for (const call of script.random.some(calls, Math.ceil(calls.length * share))) {
    const { at } = script
    script.call(caller, place.region, call)
    // Terraform sends ten requests in parallel.
    script.at = at + (script.at - at) / 5
  }
}

/** `terraform plan`, for a pull request or manually: read calls only. */
export function planTerraform(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const caller = random.chance(0.6)
    ? { ...githubJob(script, place.region, 'shop-infra'), userAgent: agents.terraform() }
    : terraformer(script, random.pick(people), place.region)
  refreshState(script, caller, place, 0.35 + random.fraction() * 0.4)
}

/** `terraform apply`, by one person or by a pipeline. */
export function applyTerraform(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  if (random.chance(0.3)) {
    // Merged to main: the pipeline applies it.
    const job = githubJob(script, place.region, 'shop-infra')
    apply(script, place, { ...job, userAgent: agents.terraform() })
  } else {
    apply(script, place, terraformer(script, random.pick(people), place.region))
  }
}

/** Two people who use one role at the same time. */
export function applyTerraformTwice(script: Script): void {
  const { account, random } = script
  const [one, other] = random.some(people, 2)
  const [here, there] = random.some(account.places, 2)
  const { at } = script
  apply(script, here!, terraformer(script, one!, here!.region))
  const end = script.at
  script.at = at + random.integer(5, 90) * 1000
  const place = there ?? here!
  apply(script, place, terraformer(script, other!, place.region))
  script.at = Math.max(script.at, end)
}

function apply(script: Script, place: Place, caller: Caller): void {
  const { account, random } = script
  refreshState(script, caller, place, 0.3 + random.fraction() * 0.3)
  script.wait(20, 150)
  for (const calls of random.some(
    settings(account, place, random, script.ordinal),
    random.integer(1, 4),
  )) {
    for (const call of calls) {
      if (random.chance(0.04)) {
        script.call(caller, place.region, {
          service: call.service,
          action: call.action,
          error: { code: 'ThrottlingException', message: 'Rate exceeded' },
        })
        script.wait(1, 3)
      }
      script.call(caller, place.region, call)
    }
    script.wait(0.5, 4)
  }
}

/** A test environment: created in the morning with Terraform, destroyed hours later. */
export function tryOut(script: Script): void {
  const { account, random } = script
  const place = anywhereIn(script, 'staging')
  const { region } = place
  const person = random.pick(people)
  const groupName = `preview-${random.integer(100, 999)}`
  const groupId = random.ec2Id('sg')
  const instanceId = random.ec2Id('i')
  const ruleId = random.ec2Id('sgr')
  const cidr = `${person.sourceIPAddress}/32`
  const rule: Rule = { groupId, port: 443, from: { cidr }, description: person.email }
  const launch = {
    instanceId,
    instanceType: 't4g.small',
    groupId,
    tags: { Name: groupName, environment: place.environment, owner: person.email },
    privateIp: `10.20.${random.integer(16, 31)}.${random.integer(4, 250)}`,
  }
  const waitFor: Call = {
    service: 'ec2',
    action: 'DescribeInstances',
    request: { instancesSet: { items: [{ instanceId }] }, filterSet: {} },
  }
  const up = terraformer(script, person, region)
  refreshState(script, up, place, 0.15)
  script.call(up, region, createSecurityGroup(account, place, { groupId, groupName }))
  script.call(up, region, ingress(account, 'Authorize', rule, ruleId))
  if (random.chance(0.3)) {
    script.call(up, region, {
      ...ingress(account, 'Authorize', rule, ruleId),
      error: {
        code: 'Client.InvalidPermission.Duplicate',
        message: `the specified rule "peer: ${cidr}, TCP, from port: 443, to port: 443, ALLOW" already exists`,
      },
    })
  }
  const launched = { ...launch, launchedAt: Math.floor(script.at / 1000) * 1000 }
  script.call(up, region, runInstances(account, place, random, launched, false))
  script.wait(8, 12)
  script.call(up, region, waitFor)
  script.call(up, region, createTags(instanceId, { 'preview-until': 'tonight' }))
  const agent = instance(script, region, `${place.name}-web`, instanceId)
  reportToSystemsManager(script, agent, region, instanceId, launch.privateIp)

  script.wait(2 * 3600, 7 * 3600)
  const down = terraformer(script, person, region)
  refreshState(script, down, place, 0.15)
  if (random.chance(0.4)) {
    script.call(down, region, {
      ...deleteSecurityGroup(groupId),
      error: {
        code: 'Client.DependencyViolation',
        message: `resource ${groupId} has a dependent object`,
      },
    })
  }
  script.call(down, region, terminateInstance(instanceId))
  script.wait(20, 40)
  script.call(down, region, waitFor)
  script.call(down, region, ingress(account, 'Revoke', rule, ruleId))
  script.call(down, region, deleteSecurityGroup(groupId))
}
