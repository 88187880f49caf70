import type { Check } from '../connections/checks.ts'
import { codeAndMessage, isTemporary } from './check-results.ts'
import type { AwsProblem } from './errors.ts'
import type { RoleGrant } from './session-cache.ts'

export function cannotAssume(problem: AwsProblem, grant: RoleGrant, isNew: boolean): Check {
  const check = { id: 'assume_with_id', saw: codeAndMessage(problem) } as const
  if (problem.kind === 'no_credentials') {
    return {
      ...check,
      state: 'failed',
      means: 'Cairn has no AWS credentials, so it cannot assume the role.',
      remedy:
        'Configure credentials for the Cairn worker: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, on a laptop; an instance profile, task role or service account on AWS.',
    }
  }
  if (problem.kind === 'expired' || problem.kind === 'not_enabled') {
    return {
      ...check,
      state: 'failed',
      means: "AWS rejected Cairn's own credentials.",
      remedy: 'Renew the credentials of the Cairn worker (for example `aws sso login`).',
    }
  }
  if (problem.message.includes('sts:TagSession')) {
    return {
      ...check,
      state: 'failed',
      means:
        "Cairn's own session has transitive tags, and the role does not allow sts:TagSession. EKS Pod Identity adds such tags.",
      remedy:
        'For Cairn: create its Pod Identity association with `--disable-session-tags`, and restart its pods. Your account needs no change.',
    }
  }
  if (/^(SignatureDoesNotMatch|InvalidSignatureException)$/.test(problem.code)) {
    return {
      ...check,
      state: 'failed',
      means:
        "AWS rejected the signature of Cairn's request. This does not indicate a problem with the role. Either the worker's clock is wrong by more than 5 minutes, or its secret access key is.",
      remedy: 'Synchronize the clock of the Cairn worker, and check its credentials.',
    }
  }
  if (isTemporary(problem)) {
    return {
      ...check,
      state: 'waiting',
      means: 'The request to AWS failed. This does not indicate a problem with the role.',
      remedy: null,
    }
  }
  if (isNew) {
    return {
      ...check,
      state: 'waiting',
      means:
        'AWS does not recognize the role yet. A new role can take a minute to become available.',
      remedy: null,
    }
  }
  return {
    ...check,
    state: 'failed',
    means:
      "AWS denied sts:AssumeRole. Either the role does not exist, its trust policy does not allow Cairn, or Cairn's own policy does not allow the call. The AWS response does not say which.",
    remedy: `In your account: the role must exist under exactly this ARN, and its trust policy must allow sts:AssumeRole to Cairn's principal with "StringEquals": {"sts:ExternalId": "${grant.externalId}"}. For Cairn: its own policy must allow sts:AssumeRole on ${grant.roleArn}.`,
  }
}
