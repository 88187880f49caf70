import { type Kysely, sql } from 'kysely'

/** Deliveries that were refused, and webhooks of LaunchDarkly. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE integrations
      DROP CONSTRAINT integrations_kind_check,
      ADD CONSTRAINT integrations_kind_check
        CHECK (kind IN ('github', 'pagerduty', 'alertmanager', 'launchdarkly')),
      -- The last delivery that was refused, and why.
      ADD refused_at timestamptz(3),
      ADD refusal text CHECK (refusal IN ('signature', 'too_large', 'throttled', 'invalid'));
    GRANT UPDATE (refused_at, refusal) ON integrations TO cairn_api;
  `.execute(db)
}
