import { randomBytes } from 'node:crypto'
import type { Check } from '../connections/checks.ts'
import type { AwsAccess } from './access.ts'
import { codeAndMessage, passed, requireAwsProblem } from './check-results.ts'
import type { RoleGrant } from './session-cache.ts'

/** The right ID with the case of its letters swapped; null if it has no letters. */
function swapCase(id: string): string | null {
  const swapped = id.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
  return swapped === id ? null : swapped
}

export async function checkRefusedWithoutId(
  aws: AwsAccess,
  grant: RoleGrant,
  signal?: AbortSignal,
): Promise<Check> {
  const call = 'a call without an external ID'
  const answer = await probeRefusal(aws, { ...grant, externalId: undefined }, call, signal)
  const failed = answer.state === 'failed'
  return {
    id: 'refused_without_id',
    ...answer,
    means: failed
      ? 'Not safe: anyone who can make Cairn assume this role gets access without the external ID. Nothing is imported.'
      : answer.means,
    remedy: failed ? conditionRemedy(grant.externalId!) : null,
  }
}

export async function checkRefusedWrongId(
  aws: AwsAccess,
  grant: RoleGrant,
  signal?: AbortSignal,
): Promise<Check> {
  const id = grant.externalId!
  const swapped = swapCase(id)
  const wrong: [id: string, what: string, operator: string][] = [
    [randomBytes(16).toString('hex'), 'a random external ID', 'no condition, or "StringLike": "*"'],
    // With more than AWS's limit of 1,224 characters, the probe would be denied because of its
    // length.
    [`${id}x`, 'the external ID with one character more', '"StringLike" with "*" at the end'],
  ]
  if (swapped) {
    wrong.push([swapped, 'the external ID in the other case', '"StringEqualsIgnoreCase"'])
  }
  for (const [externalId, what, operator] of wrong) {
    const answer = await probeRefusal(aws, { ...grant, externalId }, what, signal)
    if (answer.state === 'passed') continue
    const failed = answer.state === 'failed'
    return {
      id: 'refused_wrong_id',
      ...answer,
      means: failed
        ? `Not safe: the trust policy's condition is too broad (likely ${operator}). Nothing is imported.`
        : answer.means,
      remedy: failed ? conditionRemedy(id) : null,
    }
  }
  return passed(
    'refused_wrong_id',
    `AWS denied ${wrong.map(([, what]) => what).join(', ')}.`,
    'The role can be assumed only with the exact external ID.',
  )
}

function conditionRemedy(id: string): string {
  return `Set the condition of the role's trust policy to exactly: "Condition": {"StringEquals": {"sts:ExternalId": "${id}"}}`
}

/** Assumes the role in a way that AWS must deny. Discards credentials that AWS returns. */
async function probeRefusal(
  aws: AwsAccess,
  grant: RoleGrant,
  what: string,
  signal?: AbortSignal,
): Promise<Pick<Check, 'state' | 'saw' | 'means'>> {
  try {
    await aws.assumeRole(grant, signal)
    return { state: 'failed', saw: `AWS returned a session for ${what}.`, means: '' }
  } catch (error) {
    const problem = requireAwsProblem(error)
    if (problem.kind === 'denied') {
      return {
        state: 'passed',
        saw: `AWS denied ${what}.`,
        means: 'The role cannot be assumed without the external ID.',
      }
    }
    return {
      state: 'waiting',
      saw: codeAndMessage(problem),
      means: 'The request to AWS failed, so this check has no result yet.',
    }
  }
}
