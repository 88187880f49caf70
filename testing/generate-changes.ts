import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Schema } from '../src/db/schema.ts'

interface GeneratedChanges {
  organizationId: string
  /** Each has an account of its own. */
  connectionIds: readonly string[]
  rows: number
  /** The newest change is just before this; the others go back from it evenly. */
  to: Date
  /** How much time they fill. */
  days: number
}

/**
 * Writes changes that look like a busy organization's feed, in SQL alone: four hundred actors, a
 * few of which do most, each with a tool, an account, a dozen actions and some sixty resources of its
 * own; half of it noise. The same rows for the same arguments.
 *
 * @param db as a superuser: row-level security and triggers are passed by
 */
export async function generateChanges(db: Kysely<Schema>, wanted: GeneratedChanges): Promise<void> {
  const { organizationId, connectionIds, rows, to, days } = wanted
  const step = (days * 86_400_000) / rows
  const from = new Date(to.getTime() - days * 86_400_000)
  await sql`CALL ensure_partitions(${from}, ${to})`.execute(db)
  const source = 'aws.cloudtrail'
  const type = 'AWS::EC2::SecurityGroup'
  await sql`
    INSERT INTO resources (organization_id, key, key_digest, source, account_id, region, type,
      resource_id, arn)
    SELECT ${organizationId}::uuid, key, sha256(convert_to(key, 'UTF8')), ${source}, account_id, region,
      ${type}, resource_id, 'arn:aws:ec2:' || region || ':' || account_id || ':security-group/' || resource_id
    FROM (
      SELECT *, concat_ws('/', ${source}::text, account_id, region, ${type}::text, resource_id) AS key
      FROM (
        SELECT (111122220000 + who % ${connectionIds.length})::text AS account_id,
          'eu-west-' || who / 3 % 6 AS region, ${target(sql`who`, sql`nth`)} AS resource_id
        FROM generate_series(0, 399) AS who, generate_series(0, 59) AS nth
      ) AS named
    ) AS keyed
    ORDER BY 3
    ON CONFLICT DO NOTHING
  `.execute(db)
  const portions = Array.from({ length: Math.ceil(rows / PORTION) }, (_, nth) => nth * PORTION)
  const insertPortions = async (session: Kysely<Schema>) => {
    // No notifications are needed, and nothing refers to these rows.
    await sql`SET session_replication_role = replica`.execute(session)
    for (let first = portions.shift(); first !== undefined; first = portions.shift()) {
      const last = Math.min(rows, first + PORTION) - 1
      await sql`
        INSERT INTO changes (organization_id, occurred_at, id, connection_id, source, source_id,
          imported_at, summary, service, action, actor, actor_id, tool, outcome, region, account_id, resources,
          resource_ids, noise, source_noise, envelope, detail, reader_version)
        SELECT ${organizationId}::uuid, at, id, (${connectionIds}::uuid[])[connection + 1],
          'aws.cloudtrail', id::text, at + interval '5 minutes',
          actor || ' ' || action || ' on ' || resource || ' with ' || tool, service, action, actor, actor,
          tool, outcome, region, 111122220000 + connection, resources,
          resource_ids, noise, noise,
          jsonb_build_object(
            'actor', jsonb_build_object('kind', 'role', 'name', actor, 'id', actor, 'chain',
              jsonb_build_array(jsonb_build_object('kind', 'identity-provider', 'name', 'Okta'),
                jsonb_build_object('kind', 'session', 'name', actor))),
            'tool', jsonb_build_object('name', tool, 'title', tool, 'label', tool),
            'resources', jsonb_build_array(jsonb_build_object('type', 'AWS::EC2::SecurityGroup',
              'id', resource, 'accountId', (111122220000 + connection)::text, 'region', region,
              'key', 'aws.cloudtrail/' || (111122220000 + connection) || '/' || region || '/AWS::EC2::SecurityGroup/' || resource)),
            'risks', '["network"]'::jsonb,
            'links', jsonb_build_array(jsonb_build_object('label', 'CloudTrail',
              'url', 'https://console.aws.amazon.com/cloudtrailv2/home?region=' || region || '#/events/' || id))),
          jsonb_build_object('source', 'aws.cloudtrail', 'eventId', id,
            'edits', jsonb_build_array(jsonb_build_object('field', 'ingress', 'from', 'none', 'to', '22/tcp')),
            'session', jsonb_build_object('startedAt', null, 'accessKeyId', null)),
          -- Later than any reader: these changes have no records.
          ${2 ** 31 - 1}::int
        FROM (
          SELECT chosen.*, overlay(overlay(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
              || substr(digest, 1, 20) PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid AS id,
            'service-' || what % 30 AS service,
            'service-' || what % 30 || ':Update' || what AS action,
            CASE WHEN who % 4 = 0 THEN 'AWS service ' || who
              ELSE 'person-' || who || '@shop-prod.example.com' END AS actor,
            'tool-' || who % 7 AS tool,
            CASE WHEN dice_1 < 0.96 THEN 'succeeded' WHEN dice_1 < 0.98 THEN 'failed' ELSE 'denied' END AS outcome,
            who % ${connectionIds.length} AS connection,
            CASE WHEN what % 2 = 0 THEN 'rule-' || what % 14 END AS noise,
            target AS resource,
            ARRAY[target, r.arn] AS resources,
            CASE WHEN dice_3 < 0.9 THEN ARRAY[r.id] ELSE ARRAY[r.id, other.id] END AS resource_ids
          FROM (
            SELECT *, (who * 7 + floor(12 * power(dice_4, 3))::int) % 250 AS what,
              'eu-west-' || (who / 3 + floor(1.1 * dice_2)::int) % 6 AS region,
              ${target(sql`who`, sql`floor(60 * power(dice_5, 2))::int`)} AS target,
              ${target(sql`who`, sql`(floor(60 * power(dice_5, 2))::int + 1) % 60`)} AS other_target
            FROM (
              SELECT date_trunc('second', ${to}::timestamptz
                  - (n + 1) * ${step}::float8 * interval '1 millisecond') AS at, digest,
                floor(400 * power(${dice(0)}, 4))::int AS who, ${dice(1)} AS dice_1,
                ${dice(2)} AS dice_2, ${dice(3)} AS dice_3, ${dice(4)} AS dice_4, ${dice(5)} AS dice_5
              FROM (
                SELECT n, md5(n::text || ${organizationId}) AS digest
                FROM generate_series(${first}::bigint, ${last}::bigint) AS n OFFSET 0
              ) AS numbered OFFSET 0
            ) AS thrown OFFSET 0
          ) AS chosen
          JOIN resources r ON r.organization_id = ${organizationId}::uuid
            AND r.resource_id = target
          JOIN resources other ON other.organization_id = ${organizationId}::uuid
            AND other.resource_id = other_target
          OFFSET 0
        ) AS generated
      `.execute(session)
    }
    await sql`SET session_replication_role = origin`.execute(session)
  }
  // Two side by side: making the rows takes more of the processor than storing them.
  await Promise.all([1, 2].map(() => db.connection().execute(insertPortions)))
  // As the triggers do it.
  await sql`
    INSERT INTO facet_groups (organization_id, source, service, region, account_id, actor_id, actor,
      tool, action, outcome, connection_id, is_noise)
    SELECT DISTINCT organization_id, source, service, region, account_id, actor_id, actor, tool, action,
      outcome, connection_id, noise IS NOT NULL
    FROM changes WHERE organization_id = ${organizationId}
    ON CONFLICT DO NOTHING
  `.execute(db)
  await sql`DELETE FROM change_counts WHERE organization_id = ${organizationId}`.execute(db)
  await sql`
    INSERT INTO change_counts (organization_id, day, facet_key, count)
    SELECT organization_id, change_day(occurred_at), facet_key, count(*)
    FROM changes WHERE organization_id = ${organizationId}
    GROUP BY 1, 2, 3
  `.execute(db)
}

/** The id of one of an actor's sixty resources. */
const target = (who: RawBuilder<unknown>, nth: RawBuilder<unknown>) =>
  sql`('sg-' || substr(md5((${who} * 100 + ${nth})::text), 1, 17))`

const PORTION = 250_000

/** Four digits of the row's digest as a number from 0 to 1. */
const dice = (nth: number) =>
  sql`('x' || substr(digest, ${sql.lit(4 * nth + 1)}, 4))::bit(16)::int / 65536.0::float8`

/**
 * Writes rows without the indexes that are not their key, and builds those afterwards: several times
 * faster than keeping them. Ends with tables as autovacuum leaves them.
 *
 * @param db as a superuser
 */
export async function withIndexesAfter(
  db: Kysely<Schema>,
  write: () => Promise<void>,
): Promise<void> {
  const { rows } = await sql<{ name: string; definition: string }>`
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename = 'changes' AND indexname <> 'changes_pkey'
  `.execute(db)
  for (const { name } of rows) await sql`DROP INDEX ${sql.id(name)}`.execute(db)
  await write()
  await db.connection().execute(async (session) => {
    await sql`SET maintenance_work_mem = '512MB'`.execute(session)
    for (const { definition } of rows)
      await sql.raw(definition.replace(' ON ONLY ', ' ON ')).execute(session)
    await sql`VACUUM (ANALYZE) changes, resources, facet_groups, change_counts`.execute(session)
    await sql`CHECKPOINT`.execute(session)
  })
}
