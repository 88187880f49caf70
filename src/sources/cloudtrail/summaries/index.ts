/** Which service's sentences are where. */

import type { Facts } from '../facts.ts'
import { type Opening, openingOf, openingWords } from '../public-access.ts'
import { serviceName } from '../services.ts'
import type { Summaries, Summary } from '../summary.ts'
import { summarizeAny, the } from './any.ts'
import { applicationAutoscaling, autoscaling, ecr, ecs, eks, lambda } from './compute.ts'
import { dynamodb, elasticache, rds, redshift } from './databases.ts'
import { cloudformation, codebuild, codedeploy, codepipeline, states } from './delivery.ts'
import { ec2, instanceConnect } from './ec2.ts'
import { apigateway, cloudfront, elasticloadbalancing, route53 } from './edge.ts'
import { events, logs, monitoring, sns, sqs } from './events.ts'
import { controltower, iam, organizations, signin, sso, sts } from './iam.ts'
import { s3 } from './s3.ts'
import { cloudtrail, config, guardduty, kms, secretsmanager, ssm } from './security.ts'
import { summarizeShape } from './shapes.ts'
import { lakeformation, lightsail, ram } from './sharing.ts'

const SERVICES: Record<string, Summaries> = {
  apigateway,
  'application-autoscaling': applicationAutoscaling,
  autoscaling,
  cloudformation,
  cloudfront,
  cloudtrail,
  codebuild,
  codedeploy,
  codepipeline,
  config,
  controltower,
  dynamodb,
  ec2,
  'ec2-instance-connect': instanceConnect,
  ecr,
  ecs,
  eks,
  elasticache,
  elasticloadbalancing,
  events,
  guardduty,
  iam,
  kms,
  lakeformation,
  lambda,
  lightsail,
  logs,
  monitoring,
  organizations,
  ram,
  rds,
  redshift,
  route53,
  s3,
  secretsmanager,
  signin,
  sns,
  sqs,
  ssm,
  sso,
  states,
  sts,
}

/** What the call does: by the service's own sentences, else by the action's name. */
export function summarize(facts: Facts): Summary {
  const service = Object.hasOwn(SERVICES, facts.service) ? SERVICES[facts.service] : undefined
  const special =
    service && Object.hasOwn(service, facts.plainAction)
      ? service[facts.plainAction]?.(facts)
      : undefined
  const opened = openingOf(facts)
  if (!special)
    return withOpening(summarizeShape(facts, opened) ?? summarizeAny(facts), facts, opened)
  return withOpening(typeof special === 'string' ? { does: special } : special, facts, opened)
}

/** With what the request opens to everyone, where the summary does not know. */
function withOpening(summary: Summary, facts: Facts, opened: Opening | undefined): Summary {
  if (summary.opens !== undefined || opened === undefined) return summary
  const [first] = facts.resources
  const what = first === undefined ? serviceName(facts.service) : the(first)
  const allows = opened.allows === undefined ? '' : ` (${opened.allows})`
  const isSaid = /public|world|internet|everyone/.test(`${summary.does}${summary.more ?? ''}`)
  return {
    ...summary,
    more: isSaid ? (summary.more ?? '') : `${summary.more ?? ''}, open ${opened.how}${allows}`,
    opens: openingWords(what, opened),
  }
}
