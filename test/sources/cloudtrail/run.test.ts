/** Which run of a tool made a call, from the user agent and from the names of CI systems' sessions. */

import { expect, it } from 'vitest'
import { appendedRun, isUniqueRun } from '../../../src/sources/cloudtrail/run.ts'
import { read } from '../../../testing/cloudtrail/read.ts'
import { call, roleIdentity, TERRAFORM } from '../../../testing/cloudtrail/records.ts'

const ID = '0f6f0c1e-3f0e-4c8e-9a34-0b3c5b7a1d2e'

it.each([
  [`${TERRAFORM} github/acme/shop/13577902461`, 'github/acme/shop/13577902461', true],
  [`${TERRAFORM} tfc/run-CZcmD7eagjhyX0vN`, 'tfc/run-CZcmD7eagjhyX0vN', true],
  [
    `${TERRAFORM} spacelift/01HZXABCDEFGHJKMNPQRSTVWXY/prod`,
    'spacelift/01HZXABCDEFGHJKMNPQRSTVWXY/prod',
    true,
  ],
  [`${TERRAFORM} env0/deployment-${ID}`, ID, true],
  [`${TERRAFORM} atlantis/acme/infra/12/prod`, 'atlantis/acme/infra/12/prod', false],
  [`${TERRAFORM} JenkinsAgent/i-12345678 BuildID/1234 (notes)`, 'BuildID/1234', false],
  [`${TERRAFORM} jenkins-deploy-prod-452`, 'jenkins-deploy-prod-452', false],
  [`${TERRAFORM} commit/3f2a9c1d`, 'commit/3f2a9c1d', false],
  // An account and a date are the same in many runs.
  [`${TERRAFORM} acme/123456789012`, 'acme/123456789012', false],
  [`${TERRAFORM} nightly-20260302`, 'nightly-20260302', false],
  // The IDs of an installation, and of a terminal.
  [`aws-cli/2.22 aws-sam-cli/1.121.0/${ID} lang/python`, undefined, false],
  [`AWS-Toolkit-For-VSCode/3.1 ClientId/${ID} aws-sdk-js/2.1`, undefined, false],
  ['aws-cli/2.30.1 md/awscrt#0.27 ua/2.1 m/E,b sid/512345abcdef', undefined, false],
])('the run of %s is %s', (userAgent, run, isUnique) => {
  expect(appendedRun(userAgent)).toBe(run)
  expect(isUniqueRun(run ?? '')).toBe(isUnique)
})

const oidc = (host: string) => `arn:aws:iam::123456789012:oidc-provider/${host}`

it.each([
  ['role', '01HZXABCDEFGHJKMNPQRSTVWXY@network@acme', undefined, '01HZXABCDEFGHJKMNPQRSTVWXY'],
  ['ci', 'terraform-run-CZcmD7eagjhyX0vN', 'app.terraform.io', 'run-CZcmD7eagjhyX0vN'],
  ['ci', `buildkite-job-${ID}`, 'agent.buildkite.com', ID],
  ['ci', 'GitLabRunner-12345678-1234567890', 'gitlab.com', '1234567890'],
  ['ci', `AWSCodeBuild-${ID}`, undefined, ID],
])('a session of a %s named %s shows its run', (kind, session, host, run) => {
  const userIdentity = roleIdentity({
    role: 'deploy',
    session,
    ...(host !== undefined && { federatedProvider: oidc(host) }),
  })
  const change = read(call('ec2', 'CreateVpc', null, null, { userIdentity }))
  expect(change.actor.kind).toBe(kind)
  expect(change.tool.run).toBe(run)
})

it('the actor does not contain the number of a build', () => {
  const actors = [451, 452].map((number) => {
    const session = `jenkins-deploy-prod-${number}`
    const userIdentity = roleIdentity({ role: 'jenkins', session })
    return read(call('ec2', 'CreateVpc', null, null, { userIdentity })).actor
  })
  expect(actors[0]!.id).toBe(actors[1]!.id)
  expect(actors[0]!.name).toBe('jenkins-deploy-prod as jenkins')
})
