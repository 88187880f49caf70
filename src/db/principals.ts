import type { PrincipalFinding } from '../aws/principal.ts'
import type { Database, Trx } from './database.ts'

/** A worker that has not been heard of for longer is taken for gone. */
export const WORKER_SEEN_WITHIN_MS = 15 * 60_000

/** Whom customers' trust policies have to name, as far as the workers know. */
export interface Principal extends PrincipalFinding {
  /** When a worker last said so; null: none did within 15 minutes. */
  seenAt: Date | null
}

/** Keeps what a worker found out about itself, and forgets workers that are long gone. */
export async function reportPrincipal(
  db: Database,
  worker: string,
  finding: PrincipalFinding,
): Promise<void> {
  await db
    .insertInto('worker_principals')
    .values({ worker, seen_at: new Date(), finding: JSON.stringify(finding) })
    .onConflict((conflict) =>
      conflict.column('worker').doUpdateSet((row) => ({
        seen_at: row.ref('excluded.seen_at'),
        finding: row.ref('excluded.finding'),
      })),
    )
    .execute()
}

/**
 * Whom trust policies have to name, from what the live workers said.
 *
 * @param db a pool or transaction of the role `cairn_api`, or of the worker's login; it need not
 *   act for an organization
 * @param options.configured `CAIRN_PRINCIPAL_ARN`
 */
export async function currentPrincipal(
  db: Database | Trx,
  options: { configured: string | undefined; now?: Date },
): Promise<Principal> {
  const now = options.now ?? new Date()
  const rows = await db
    .selectFrom('worker_principals')
    .select(['worker', 'seen_at', 'finding'])
    .where('seen_at', '>', new Date(now.getTime() - WORKER_SEEN_WITHIN_MS))
    .orderBy('seen_at', 'desc')
    .execute()
  return judge(
    rows.map(({ seen_at, finding }) => ({ ...finding, seenAt: seen_at })),
    options.configured,
  )
}

/** For the API's context: `principal: principalReader(api, config.principalArn)`. */
export function principalReader(
  db: Database,
  configured: string | undefined,
): () => Promise<Principal> {
  return () => currentPrincipal(db, { configured })
}

function judge(live: Principal[], configured: string | undefined): Principal {
  const newest = live[0]
  if (newest) return newest
  return {
    state: configured ? 'certain' : 'unknown',
    arn: configured ?? null,
    partition: null,
    accountId: null,
    caller: null,
    saw: 'No worker has reported within 15 minutes.',
    means: 'Which role Cairn runs as is known by its worker only.',
    remedy: 'Start a worker: `npm start`, or `npm run worker` beside `npm run server`.',
    source: configured ? 'configured' : null,
    credentials: null,
    seenAt: null,
  }
}
