import { asOrganization } from '../db/database.ts'
import { insertDeliveries, type NewDelivery } from '../db/deliveries.ts'
import {
  countRecovered,
  findRecovery,
  finishCheck,
  lockRecovery,
  storedDeliveryIds,
} from '../db/delivery-recoveries.ts'
import type { DeliveryRecoveryRow } from '../db/schema/integrations.ts'
import { readDelivery } from '../integrations/arrival.ts'
import {
  type GitHubDeliveries,
  GitHubProblem,
  githubDeliveries,
  type Hook,
  LISTED_DAYS,
  type ListedAttempt,
} from '../integrations/github-deliveries.ts'
import { tokenContext } from '../integrations/secret-box.ts'
import type { RecoverSummary, RecoverWork } from '../workflows/recover-state.ts'
import type { Dependencies } from './dependencies.ts'
import { findMissing } from './missing-deliveries.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const CHECK_EVERY_MS = 10 * MINUTE_MS
/** Each check compares this much again: GitHub lists an attempt when it has ended. */
const OVERLAP_MS = 30 * MINUTE_MS
/** Stored in one check. The next check continues immediately. */
const MAX_STORED = 200
/** Requests of one check for missed deliveries: half of a token's quota if each check needs all. */
const MAX_REQUESTS = 400
/**
 * A check lists no more pages after the first time and fetches nothing after the second, in
 * milliseconds since its start. The activity may take five minutes.
 */
const LIST_MS = 1.5 * MINUTE_MS
const CHECK_MS = 2.5 * MINUTE_MS
/** After a check that could not list everything: the next one lists the same again. */
const LONG_CHECK_EVERY_MS = 60 * MINUTE_MS
const STORED_AT_ONCE = 20
const BYTES_AT_ONCE = 16 * 1024 * 1024

/**
 * One check of an integration: lists what GitHub has sent, and fetches and stores what Cairn has
 * not. A delivery has the same ID as when it arrives, so it is stored once, even if it arrives or
 * another worker fetches it at the same time.
 *
 * GitHub's failures are stored as a problem, with what to do; the check is repeated later.
 *
 * @throws the signal's reason when aborted; Postgres' errors
 */
export async function recoverDeliveries(
  deps: Dependencies,
  { organizationId, integrationId }: RecoverWork,
  signal: AbortSignal,
): Promise<RecoverSummary> {
  const { db, clock = Date.now } = deps
  const recovery = await asOrganization(db, organizationId, (trx) =>
    findRecovery(trx, integrationId),
  )
  if (!recovery) return { recovered: 0, nextInMs: null }
  const startedAt = clock()
  const waitMs = recovery.due_at.getTime() - startedAt
  if (waitMs > 0) return { recovered: 0, nextInMs: waitMs }
  const check = await runCheck(deps, recovery, signal)
  const { problems, retryAt, recovered, isPartial, isTooLong } = check
  const isComplete = problems.length === 0 && !isPartial
  // What GitHub does not return is still missing in the next check.
  const canContinue = isPartial && recovered > 0
  const pauseMs = isTooLong && !canContinue ? LONG_CHECK_EVERY_MS : CHECK_EVERY_MS
  const nextInMs = canContinue && problems.length === 0 ? 0 : pauseMs
  if (isPartial && recovered === 0 && problems.length === 0) {
    problems.push(
      'GitHub has returned none of the missed deliveries that one check has requested. The next check requests others.',
    )
  }
  const dueAt = retryAt ?? new Date(clock() + nextInMs)
  await asOrganization(db, organizationId, (trx) =>
    finishCheck(trx, recovery, {
      checkedAt: new Date(clock()),
      checkedThrough: isComplete ? new Date(startedAt) : undefined,
      problem: problems.length === 0 ? null : problems.join(' ').slice(0, 2000),
      dueAt,
    }),
  )
  return { recovered, nextInMs: Math.max(0, dueAt.getTime() - clock()) }
}

interface RecoveryCheck {
  recovered: number
  /** For missed deliveries, those to send one again included. */
  requests: number
  /** Sentences, each once. */
  problems: string[]
  retryAt: Date | undefined
  /** Whether more is missing than one check fetches. */
  isPartial: boolean
  /** Whether there is more than one check can list. */
  isTooLong: boolean
}

async function runCheck(
  deps: Dependencies,
  recovery: DeliveryRecoveryRow,
  signal: AbortSignal,
): Promise<RecoveryCheck> {
  const { clock = Date.now, githubApiUrl: apiUrl } = deps
  const check: RecoveryCheck = {
    recovered: 0,
    requests: 0,
    problems: [],
    retryAt: undefined,
    isPartial: false,
    isTooLong: false,
  }
  const token = openToken(deps, recovery)
  if (token === undefined) {
    check.problems.push(
      'The token cannot be decrypted. Workers need the same CAIRN_SECRET_KEY as servers. If the key is lost, enter the token again.',
    )
    return check
  }
  const github = githubDeliveries({ token, apiUrl, signal, now: clock })
  const startedAt = clock()
  const { checked_through: through } = recovery
  const since = new Date(
    Math.max(startedAt - LISTED_DAYS * DAY_MS, (through?.getTime() ?? 0) - OVERLAP_MS),
  )
  for (const owner of rotated(recovery.hooks_of, startedAt)) {
    try {
      if (clock() > startedAt + LIST_MS) throw new GitHubProblem(tooLong(check))
      const hookIds = await github.hooksOf(owner, recovery.integration_id)
      if (hookIds.length === 0) {
        throw new GitHubProblem(
          `No webhook of ${owner} has the URL of this integration. Add the webhook, or correct the name.`,
        )
      }
      for (const hookId of rotated(hookIds, startedAt)) {
        if (clock() > startedAt + LIST_MS) throw new GitHubProblem(tooLong(check))
        const hook = { owner, hookId }
        await recoverHook(deps, recovery, { github, hook, startedAt, since, check, signal })
        if (check.isPartial) return check
      }
    } catch (error) {
      if (!(error instanceof GitHubProblem)) throw error
      if (!check.problems.includes(error.message)) check.problems.push(error.message)
      check.retryAt = error.retryAt
      if (error.retryAt || check.isTooLong) return check
    }
  }
  return check
}

function unlisted({ owner }: Hook, oldest: Date): string {
  const time = oldest.toISOString().slice(0, 16).replace('T', ' ')
  return `The webhook of ${owner} has more deliveries than Cairn can list in one check. Those missed before ${time} UTC are not found. Subscribe the webhook to fewer events.`
}

/** Marks the check as too long. @returns the problem */
function tooLong(check: RecoveryCheck): string {
  check.isTooLong = true
  return 'Cairn could not read the lists of all webhooks in one check. The next checks begin with others. Enter fewer organizations and repositories.'
}

/**
 * The same items, beginning with another one each second: what one check does not reach is early in
 * a later one.
 */
function rotated<T>(items: readonly T[], now: number): T[] {
  const start = Math.floor(now / 1000) % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

/** @returns undefined if no key opens it */
function openToken({ secrets }: Dependencies, recovery: DeliveryRecoveryRow): string | undefined {
  try {
    return secrets?.().decrypt(recovery.encrypted, tokenContext(recovery.integration_id))
  } catch {
    return undefined
  }
}

interface HookCheck {
  github: GitHubDeliveries
  hook: Hook
  /** Of the check, in milliseconds since 1970. */
  startedAt: number
  since: Date
  check: RecoveryCheck
  signal: AbortSignal
}

/** @throws GitHubProblem; what was stored until then stays */
async function recoverHook(
  deps: Dependencies,
  recovery: DeliveryRecoveryRow,
  { github, hook, startedAt, since, check, signal }: HookCheck,
): Promise<void> {
  const { clock = Date.now } = deps
  const listed = await github.attempts(hook, { since, until: startedAt + LIST_MS })
  if (!listed.isComplete) {
    check.isTooLong = true
    check.problems.push(unlisted(hook, listed.attempts.at(-1)?.deliveredAt ?? since))
  }
  const oldestFirst = await findMissing(deps, recovery, listed.attempts)
  // GitHub may never return the oldest ones.
  const missing = oldestFirst.length > MAX_REQUESTS ? rotated(oldestFirst, clock()) : oldestFirst
  let batch: NewDelivery[] = []
  let bytes = 0
  const store = async () => {
    check.recovered += await storeMissed(deps, recovery, batch)
    batch = []
    bytes = 0
  }
  try {
    for (const { newest, hasRedelivery } of missing) {
      signal.throwIfAborted()
      const isFull = check.recovered + batch.length >= MAX_STORED || check.requests >= MAX_REQUESTS
      if (isFull || clock() > startedAt + CHECK_MS) {
        check.isPartial = true
        return
      }
      check.requests++
      const sent = await github.delivery(hook, newest.id)
      // It is not listed any more.
      if (!sent) continue
      if (sent.payload === undefined) {
        // Once: what was sent again and did not arrive would not arrive the next time either.
        if (!hasRedelivery) {
          check.requests++
          await github.redeliver(hook, newest.id)
        }
        continue
      }
      const arrival = toArrival(recovery.integration_id, hook, { newest, payload: sent.payload })
      batch.push(arrival)
      bytes += arrival.body.length
      if (batch.length >= STORED_AT_ONCE || bytes >= BYTES_AT_ONCE) await store()
    }
  } finally {
    if (batch.length > 0) await store()
  }
}

function toArrival(
  integrationId: string,
  hook: Hook,
  { newest, payload }: { newest: ListedAttempt; payload: unknown },
): NewDelivery {
  const body = Buffer.from(JSON.stringify(payload))
  const headers = {
    'content-type': 'application/json',
    'x-github-event': newest.event,
    'x-github-delivery': newest.guid,
    'x-github-hook-id': hook.hookId,
  }
  const parts = readDelivery('github', { headers, body })
  return { integrationId, ...parts, body, isTest: false, missedAt: newest.deliveredAt }
}

/**
 * Stores deliveries, unless the token was changed or removed meanwhile. Due deliveries are
 * translated within seconds, see `src/deliver-starter.ts`.
 *
 * @returns how many were stored
 */
async function storeMissed(
  { db }: Dependencies,
  recovery: DeliveryRecoveryRow,
  batch: readonly NewDelivery[],
): Promise<number> {
  const { organization_id: organizationId, integration_id: integrationId } = recovery
  return asOrganization(db, organizationId, async (trx) => {
    if (!(await lockRecovery(trx, recovery))) return 0
    const ids = batch.map(({ deliveryId }) => deliveryId)
    const before = await storedDeliveryIds(trx, integrationId, ids)
    const missing = batch.filter(({ deliveryId }) => !before.has(deliveryId))
    if (missing.length === 0) return 0
    await insertDeliveries(trx, organizationId, missing)
    await countRecovered(trx, integrationId, missing.length)
    return missing.length
  })
}
