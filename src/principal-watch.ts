import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { AwsAccess } from './aws/access.ts'
import type { PrincipalFinding } from './aws/principal-finding.ts'
import type { Database } from './db/database.ts'
import { forgetPrincipal, reportPrincipal, withConfigured } from './db/worker-principals.ts'

/** Well within the 15 minutes after which a worker is taken for gone. */
const INTERVAL_MS = 5 * 60_000
/** Somebody may be at work on it: `aws sso login`, a network that comes up. */
const INTERVAL_WHILE_TROUBLED_MS = 20_000
/** Postgres may be away, and nothing depends on it. */
const FORGET_WITHIN_MS = 1_000

export interface PrincipalWatch {
  /** Abandons what is under way. Before the database's pool is closed. */
  stop(): Promise<void>
}

/**
 * Finds out which role this worker runs as, at once and then every few minutes; says so in the
 * log when it changes, and keeps it in Postgres for the API, which may be another process.
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
  const { aws, db, configured, logger } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const worker = `${hostname().slice(0, 100)}/${process.pid}/${randomBytes(6).toString('hex')}`

  async function run(): Promise<void> {
    let known: PrincipalFinding | undefined
    let said = ''
    let trouble = ''
    while (!signal.aborted) {
      let pause = options.intervalMs ?? INTERVAL_MS
      try {
        const found = await aws.findPrincipal(signal)
        const finding = keeping(known, found)
        if (found.state !== 'unknown') known = found
        else pause = Math.min(pause, INTERVAL_WHILE_TROUBLED_MS)
        const judged = withConfigured(finding, [configured])
        // The session's name, and what a time-out says, may change each time.
        const news = [judged.state, judged.arn, judged.accountId, judged.remedy].join()
        if (news !== said) say(judged, logger)
        said = news
        await reportPrincipal(db, worker, { finding, configured })
        trouble = ''
      } catch (error) {
        if (signal.aborted) break
        const reason = error instanceof Error ? error.message : String(error)
        if (reason !== trouble)
          logger.warn({ reason }, 'Failed to store which role Cairn runs as; retrying')
        trouble = reason
        pause = Math.min(pause, INTERVAL_WHILE_TROUBLED_MS)
      }
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      const forgotten = running.then(() => forgetPrincipal(db, worker)).catch(() => {})
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
 * A session that has ended, or an AWS that does not answer, makes the role no other one: its ARN
 * stays certain while this process lives, and what is wrong now is told beside it.
 */
function keeping(known: PrincipalFinding | undefined, found: PrincipalFinding): PrincipalFinding {
  if (!known || found.state !== 'unknown') return found
  return { ...known, saw: `${known.saw} Now: ${found.saw}`, remedy: found.remedy }
}

/** In plain words: who AWS knows us as, where that is from, and what to do. */
function say(finding: PrincipalFinding, logger: Logger): void {
  const { state, saw, credentials, means, remedy } = finding
  const from = credentials && `The credentials are from ${credentials}.`
  const sentences = [saw, means, remedy, from].filter(Boolean).join(' ')
  if (state === 'certain' && remedy === null) logger.info(sentences)
  else logger.warn(sentences)
}
