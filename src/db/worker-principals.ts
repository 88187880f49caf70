import type { PrincipalFinding } from '../aws/principal-finding.ts'
import { reuse } from '../reuse.ts'
import type { Database, Trx } from './database.ts'

/** A worker without a report for longer than this is considered stopped. */
const WORKER_SEEN_WITHIN_MS = 15 * 60_000
const FORGET_AFTER_MS = 24 * 3600_000

/** The principal that customers' trust policies have to name, as the workers report it. */
export interface Principal extends PrincipalFinding {
  /** When a worker last reported it; null if none did within 15 minutes. */
  seenAt: Date | null
}

/** What a worker reports about itself. */
interface PrincipalReport {
  finding: PrincipalFinding
  /** Its CAIRN_PRINCIPAL_ARN. */
  configured: string | undefined
}

/**
 * Stores a worker's report, and deletes the reports of workers that stopped long ago.
 *
 * @param db a pool of the workers' login, the only one with the privilege
 * @param worker a unique name of the process
 */
export async function reportPrincipal(
  db: Database,
  worker: string,
  report: PrincipalReport,
  now = new Date(),
): Promise<void> {
  await db
    .insertInto('worker_principals')
    .values({
      worker,
      seen_at: now,
      configured: report.configured ?? null,
      finding: JSON.stringify(report.finding),
    })
    .onConflict((conflict) =>
      conflict.column('worker').doUpdateSet((row) => ({
        seen_at: row.ref('excluded.seen_at'),
        configured: row.ref('excluded.configured'),
        finding: row.ref('excluded.finding'),
      })),
    )
    .execute()
  await db
    .deleteFrom('worker_principals')
    .where('seen_at', '<', new Date(now.getTime() - FORGET_AFTER_MS))
    .execute()
}

/** Called when a worker stops: another one, with another role, may replace it immediately. */
export async function forgetPrincipal(db: Database, worker: string): Promise<void> {
  await db.deleteFrom('worker_principals').where('worker', '=', worker).execute()
}

/**
 * The principal that trust policies have to name, from the reports of live workers.
 *
 * @param db a pool or transaction of the role `cairn_api`, or of the workers' login; it does not
 *   need an organization
 * @param options.configured CAIRN_PRINCIPAL_ARN of the calling process
 */
export async function currentPrincipal(
  db: Database | Trx,
  options: { configured: string | undefined; now?: Date },
): Promise<Principal> {
  const now = options.now ?? new Date()
  const rows = await db
    .selectFrom('worker_principals')
    .select(['seen_at', 'configured', 'finding'])
    .where('seen_at', '>', new Date(now.getTime() - WORKER_SEEN_WITHIN_MS))
    .orderBy('seen_at', 'desc')
    .orderBy('worker')
    .execute()
  const configured = [options.configured, ...rows.map((row) => row.configured)]
  const seen = together(rows.map(({ finding }) => finding))
  return { ...withConfigured(seen, configured), seenAt: rows[0]?.seen_at ?? null }
}

/**
 * For the API's context: `principal: principalReader(api, config.principalArn)`. The query acts for
 * no organization, so the limits of the pool do not apply to it. Concurrent calls share one query.
 */
export function principalReader(
  db: Database,
  configured: string | undefined,
): () => Promise<Principal> {
  return reuse(0, () => currentPrincipal(db, { configured }))
}

/**
 * Combines the findings of several workers, the newest first. They have to be equal, because
 * Temporal may assign any connection to any worker.
 */
function together(findings: PrincipalFinding[]): PrincipalFinding {
  const known = findings.filter(({ caller }) => caller !== null)
  const identities = new Map(known.map((finding) => [identityOf(finding.caller!), finding]))
  if (identities.size > 1) {
    const names = [...identities.values()].map(({ arn, caller }) => arn ?? caller!).sort()
    return {
      ...unknownPrincipal,
      state: 'uncertain',
      saw: `${identities.size} workers run as different identities: ${names.join(' and ')}.`,
      means: "Any of them may assume a customer's role, but that role would trust only one.",
      remedy:
        'Run all workers with the same role, and restart them. A worker that was killed no longer counts after 15 minutes.',
    }
  }
  const best = known.find(({ state }) => state === 'certain') ?? known[0] ?? findings[0]
  if (!best) {
    return {
      ...unknownPrincipal,
      saw: 'No worker has reported within 15 minutes which role Cairn runs as.',
      means: "Only a worker can determine it, because workers assume customers' roles.",
      remedy: 'Start a worker: `npm start`, or `npm run worker` in addition to `npm run server`.',
    }
  }
  const other = findings.find(({ state, saw }) => state === 'unknown' && saw !== best.saw)
  if (!other || best.state === 'unknown') return best
  return {
    ...best,
    saw: `${best.saw} Another worker reports: ${other.saw}`,
    remedy: best.remedy ?? other.remedy,
  }
}

const unknownPrincipal = {
  state: 'unknown',
  arn: null,
  partition: null,
  accountId: null,
  caller: null,
  source: null,
  credentials: null,
} satisfies Partial<PrincipalFinding>

/**
 * Combines a finding with CAIRN_PRINCIPAL_ARN, which supplies the path that AWS does not report. It
 * is rejected if the credentials belong to another identity.
 *
 * @param values its value in each process; unset ones are ignored
 */
export function withConfigured(
  finding: PrincipalFinding,
  values: (string | null | undefined)[],
): PrincipalFinding {
  const [configured, ...more] = [...new Set(values.filter((value) => value != null))]
  if (configured === undefined) return finding
  const unsure = { ...finding, state: 'uncertain', arn: null, source: null } as const
  if (more.length > 0) {
    return {
      ...unsure,
      saw: `CAIRN_PRINCIPAL_ARN differs between processes: ${[configured, ...more].sort().join(' and ')}.`,
      means: "Customers' roles would trust one of them, and AWS would deny the others.",
      remedy: 'Set the same CAIRN_PRINCIPAL_ARN for the server and every worker, and restart them.',
    }
  }
  const { caller } = finding
  // Workers that differ, or credentials that cannot assume roles: setting an ARN does not fix this.
  if (finding.state === 'unusable' || (finding.state === 'uncertain' && caller === null))
    return finding

  const certain = { ...finding, state: 'certain', arn: configured, source: 'configured' } as const
  if (caller === null) {
    const [, partition, , , accountId] = configured.split(':')
    return {
      ...certain,
      partition: partition!,
      accountId: accountId!,
      saw: `CAIRN_PRINCIPAL_ARN is ${configured}. ${finding.saw}`,
      means: `Customers' roles have to trust ${configured}. ${finding.means}`,
    }
  }
  const same = finding.arn
    ? finding.arn === configured
    : identityOf(caller) === sessionIdentity(configured)
  if (same) {
    return {
      ...certain,
      saw: `AWS identifies Cairn as ${caller}, and CAIRN_PRINCIPAL_ARN is ${configured}.`,
      means: finding.arn ? finding.means : "Customers' roles have to trust it.",
      // The path is now known; a remedy for expired credentials is still needed.
      remedy: finding.state === 'certain' ? finding.remedy : null,
    }
  }
  return {
    ...unsure,
    saw:
      `CAIRN_PRINCIPAL_ARN is ${configured}, but AWS identifies Cairn as ${caller}` +
      `${finding.source === 'iam:GetRole' ? `, a session of ${finding.arn}` : ''}.`,
    means: "Customers' roles would trust another identity, and AWS would deny access to Cairn.",
    remedy: finding.arn
      ? `Set CAIRN_PRINCIPAL_ARN to ${finding.arn}, or unset it; or configure credentials of ${configured} for the worker. Then restart Cairn.`
      : `Configure credentials of ${configured} for the worker, or set CAIRN_PRINCIPAL_ARN to the role that it runs as. Then restart Cairn.`,
  }
}

/** A caller without its session's name, which differs between processes. */
function identityOf(caller: string): string {
  return caller.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1')
}

/** How AWS identifies the sessions of a role; a user is identified by its ARN. */
function sessionIdentity(arn: string): string {
  return arn.replace(
    /^(arn:[^:]+):iam::(\d+):role\/(?:.*\/)?([^/]+)$/,
    '$1:sts::$2:assumed-role/$3',
  )
}
