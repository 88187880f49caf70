import type { PrincipalFinding } from '../aws/principal.ts'
import type { Database, Trx } from './database.ts'

/** A worker that has not been heard of for longer is taken for gone. */
export const WORKER_SEEN_WITHIN_MS = 15 * 60_000
const FORGET_AFTER_MS = 24 * 3600_000

/** Whom customers' trust policies have to name, as far as the workers know. */
export interface Principal extends PrincipalFinding {
  /** When a worker last said so; null: none did within 15 minutes. */
  seenAt: Date | null
}

/** What a worker knows about itself. */
export interface PrincipalReport {
  finding: PrincipalFinding
  /** Its CAIRN_PRINCIPAL_ARN. */
  configured: string | undefined
}

/**
 * Keeps what a worker found out about itself, and forgets workers that are long gone.
 *
 * @param db as the workers' login, the only one that may
 * @param worker a name of the process that no other one has
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
      ...{ worker, seen_at: now, configured: report.configured ?? null },
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

/** For a worker that ends: another one, of another role, may take its place at once. */
export async function forgetPrincipal(db: Database, worker: string): Promise<void> {
  await db.deleteFrom('worker_principals').where('worker', '=', worker).execute()
}

/**
 * Whom trust policies have to name, from what the live workers said.
 *
 * @param db a pool or transaction of the role `cairn_api`, or of the workers' login; it need not
 *   act for an organization
 * @param options.configured the asking process' own CAIRN_PRINCIPAL_ARN
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

/** For the API's context: `principal: principalReader(api, config.principalArn)`. */
export function principalReader(
  db: Database,
  configured: string | undefined,
): () => Promise<Principal> {
  return () => currentPrincipal(db, { configured })
}

/**
 * One finding of several workers', the newest first. They have to be the same: Temporal gives
 * each connection's work to any of them.
 */
function together(findings: PrincipalFinding[]): PrincipalFinding {
  const known = findings.filter(({ caller }) => caller !== null)
  const identities = new Map(known.map((finding) => [identityOf(finding.caller!), finding]))
  if (identities.size > 1) {
    const names = [...identities.values()].map(({ arn, caller }) => arn ?? caller!).sort()
    return {
      ...{ ...nobody, state: 'uncertain' },
      saw: `${identities.size} workers run as different identities: ${names.join(' and ')}.`,
      means: "Any of them may assume a customer's role, and that role would trust only one.",
      remedy:
        'Give all workers the same role, and restart them. A worker that was killed is forgotten after 15 minutes.',
    }
  }
  const best = known.find(({ state }) => state === 'certain') ?? known[0] ?? findings[0]
  if (!best) {
    return {
      ...nobody,
      saw: 'No worker has said within 15 minutes which role Cairn runs as.',
      means: "Only a worker knows that: it is the one that assumes customers' roles.",
      remedy: 'Start one: `npm start`, or `npm run worker` beside `npm run server`.',
    }
  }
  const other = findings.find(({ state, saw }) => state === 'unknown' && saw !== best.saw)
  if (!other || best.state === 'unknown') return best
  return {
    ...best,
    saw: `${best.saw} Another worker says: ${other.saw}`,
    remedy: best.remedy ?? other.remedy,
  }
}

const nobody = {
  ...{ state: 'unknown', arn: null, partition: null, accountId: null, caller: null },
  ...{ source: null, credentials: null },
} satisfies Partial<PrincipalFinding>

/**
 * What CAIRN_PRINCIPAL_ARN makes of a finding: it is taken for the path that AWS did not tell,
 * and is refused where the credentials are somebody else's.
 *
 * @param values of each process that has a say; those without one are left out
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
      saw: `CAIRN_PRINCIPAL_ARN is not the same everywhere: ${[configured, ...more].sort().join(' and ')}.`,
      means: "Customers' roles would trust one of them, and the other would be refused.",
      remedy: 'Give the server and every worker the same CAIRN_PRINCIPAL_ARN, and restart them.',
    }
  }
  const { caller } = finding
  // Several workers that differ, or credentials that may assume nothing: no ARN mends that.
  if (finding.state === 'unusable' || (finding.state === 'uncertain' && caller === null))
    return finding

  const certain = { ...finding, state: 'certain', arn: configured, source: 'configured' } as const
  if (caller === null) {
    const [, partition, , , accountId] = configured.split(':')
    return {
      ...{ ...certain, partition: partition!, accountId: accountId! },
      saw: `CAIRN_PRINCIPAL_ARN says ${configured}. ${finding.saw}`,
      means: `Customers' roles have to trust ${configured}. ${finding.means}`,
    }
  }
  const same = finding.arn
    ? finding.arn === configured
    : identityOf(caller) === sessionIdentity(configured)
  if (same) {
    return {
      ...certain,
      saw: `AWS knows Cairn as ${caller}, and CAIRN_PRINCIPAL_ARN says ${configured}.`,
      means: finding.arn ? finding.means : "Customers' roles have to trust it.",
      // What IAM did not tell is not needed any more; that credentials have ended still counts.
      remedy: finding.state === 'certain' ? finding.remedy : null,
    }
  }
  return {
    ...unsure,
    saw:
      `CAIRN_PRINCIPAL_ARN says ${configured}, but AWS knows Cairn as ${caller}` +
      `${finding.source === 'iam:GetRole' ? `, a session of ${finding.arn}` : ''}.`,
    means: "Customers' roles would trust somebody else, and AWS would refuse Cairn.",
    remedy: finding.arn
      ? `Set CAIRN_PRINCIPAL_ARN to ${finding.arn}, or leave it out; or give the worker credentials of ${configured}. Then restart Cairn.`
      : `Give the worker credentials of ${configured}, or set CAIRN_PRINCIPAL_ARN to the role that it runs as. Then restart Cairn.`,
  }
}

/** A caller without its session's name, which differs from process to process. */
function identityOf(caller: string): string {
  return caller.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1')
}

/** What the sessions of a role are known as; a user is known as itself. */
function sessionIdentity(arn: string): string {
  return arn.replace(
    /^(arn:[^:]+):iam::(\d+):role\/(?:.*\/)?([^/]+)$/,
    '$1:sts::$2:assumed-role/$3',
  )
}
