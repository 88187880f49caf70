import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AwsAccess } from './aws/access.ts'
import type { PrincipalFinding } from './aws/principal-finding.ts'
import type { Database } from './db/database.ts'
import { forgetPrincipal, reportPrincipal, withConfigured } from './db/worker-principals.ts'
import { repeat } from './repeat.ts'

/** Well below the 15 minutes after which a worker no longer counts. */
const INTERVAL_MS = 5 * 60_000
/** Shorter, because someone may be fixing it: with `aws sso login`, or a network that comes up. */
const RETRY_INTERVAL_MS = 20_000
/** Postgres may be unavailable; nothing depends on this write. */
const FORGET_WITHIN_MS = 1_000

export interface PrincipalWatch {
  /** Aborts the current check. Call it before closing the database's pool. */
  stop(): Promise<void>
}

/**
 * Determines which role this worker runs as, immediately and then every few minutes. Logs changes,
 * and stores the result in Postgres for the API, which may be another process.
 *
 * @param options.db as the workers' login
 * @param options.configured CAIRN_PRINCIPAL_ARN
 */
export function watchPrincipal(options: {
  aws: Pick<AwsAccess, 'findPrincipal'>
  db: Database
  configured: string | undefined
  logger: Logger
  intervalMs?: number
}): PrincipalWatch {
  const { aws, db, configured, logger, intervalMs = INTERVAL_MS } = options
  const worker = `${hostname().slice(0, 100)}/${process.pid}/${randomBytes(6).toString('hex')}`

  let known: PrincipalFinding | undefined
  let isKnown = false
  let logged = ''

  async function round(signal: AbortSignal): Promise<void> {
    isKnown = false
    const found = await aws.findPrincipal(signal)
    const finding = keeping(known, found)
    isKnown = found.state !== 'unknown'
    if (isKnown) known = found
    const judged = withConfigured(finding, [configured])
    // The session's name, and the message of a timeout, may change each time.
    const news = [judged.state, judged.arn, judged.accountId, judged.remedy].join()
    if (news !== logged) logFinding(judged, logger)
    logged = news
    await reportPrincipal(db, worker, { finding, configured })
  }

  const loop = repeat({
    round,
    onFailure: (reason) =>
      logger.warn({ reason }, 'Failed to store which role Cairn runs as; retrying'),
    pauseMs: (failed) =>
      failed || !isKnown ? Math.min(intervalMs, RETRY_INTERVAL_MS) : intervalMs,
  })
  return {
    async stop() {
      const forgotten = loop
        .stop()
        .then(() => forgetPrincipal(db, worker))
        .catch(() => {})
      const limit = new AbortController()
      await Promise.race([
        forgotten,
        sleep(FORGET_WITHIN_MS, undefined, { signal: limit.signal }).catch(() => {}),
      ])
      limit.abort()
    },
  }
}

/**
 * If a session has expired or AWS does not respond, the role is still the same: its ARN stays
 * certain while this process runs, and the current problem is reported with it.
 */
function keeping(known: PrincipalFinding | undefined, found: PrincipalFinding): PrincipalFinding {
  if (!known || found.state !== 'unknown') return found
  const { remedy, problem } = found
  const saw = `${known.saw} Now: ${found.saw}`
  return { ...known, saw, remedy, ...(problem !== undefined && { problem }) }
}

/** Logs the identity that AWS reports, where the credentials come from, and what to do. */
function logFinding(finding: PrincipalFinding, logger: Logger): void {
  const { state, saw, credentials, means, remedy } = finding
  const from = credentials && `The credentials are from ${credentials}.`
  const sentences = [saw, means, remedy, from].filter(Boolean).join(' ')
  if (state === 'certain' && remedy === null) logger.info(sentences)
  else logger.warn(sentences)
}
