/** Which service's sentences are where. */

import type { Facts } from '../facts.ts'
import type { Summaries, Summary } from '../summary.ts'
import { summarizeAny } from './any.ts'
import { applicationAutoscaling, autoscaling, ecr, ecs, eks, lambda } from './compute.ts'
import { dynamodb, elasticache, rds, redshift } from './databases.ts'
import { cloudformation, codebuild, codedeploy, codepipeline, states } from './delivery.ts'
import { ec2 } from './ec2.ts'
import { apigateway, cloudfront, elasticloadbalancing, route53 } from './edge.ts'
import { events, logs, monitoring, sns, sqs } from './events.ts'
import { iam, organizations, signin, sts } from './iam.ts'
import { s3 } from './s3.ts'
import { cloudtrail, config, guardduty, kms, secretsmanager, ssm } from './security.ts'

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
  dynamodb,
  ec2,
  ecr,
  ecs,
  eks,
  elasticache,
  elasticloadbalancing,
  events,
  guardduty,
  iam,
  kms,
  lambda,
  logs,
  monitoring,
  organizations,
  rds,
  redshift,
  route53,
  s3,
  secretsmanager,
  signin,
  sns,
  sqs,
  ssm,
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
  if (!special) return summarizeAny(facts)
  return typeof special === 'string' ? { does: special } : special
}
