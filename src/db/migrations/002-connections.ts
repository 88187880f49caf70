import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Connections to AWS accounts, their verifications, and what they have imported. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE connections (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      external_id text NOT NULL UNIQUE CHECK (length(external_id) BETWEEN 2 AND 1224),
      created_at timestamptz(3) NOT NULL DEFAULT now(),

      -- Desired state: what users ask for. Each change increments version.
      version int NOT NULL DEFAULT 1,
      version_at timestamptz(3) NOT NULL DEFAULT now(),
      role_arn text,
      role_arn_set_at timestamptz(3),
      -- Incremented by each change of role_arn. A verification is of one revision, so a role that is set
      -- again after another one is verified again.
      role_revision int NOT NULL DEFAULT 0,
      account_id text,
      partition text,
      selection text NOT NULL DEFAULT 'changes' CHECK (selection IN ('changes', 'all')),
      lookback_days int NOT NULL DEFAULT 7 CHECK (lookback_days BETWEEN 1 AND 90),
      poll_interval_seconds int NOT NULL DEFAULT 60 CHECK (poll_interval_seconds BETWEEN 30 AND 3600),
      paused boolean NOT NULL DEFAULT false,
      deleted_at timestamptz(3),
      purge boolean NOT NULL DEFAULT false,

      -- Observed state: what the workflow reports.
      seen_version int NOT NULL DEFAULT 0,
      status text NOT NULL DEFAULT 'awaiting_role' CHECK (status IN ('awaiting_role', 'verifying',
        'waiting_for_aws', 'importing', 'current', 'behind', 'action_needed', 'paused', 'deleting')),
      status_reason text,
      status_since timestamptz(3) NOT NULL DEFAULT now(),
      -- When the workflow was last active, and when it will be next.
      reported_at timestamptz(3),
      next_poll_at timestamptz(3),
      -- The version of the last signal to the workflow, see src/db/signals.ts. While it is greater than
      -- seen_version, the workflow has not read that signal.
      signalled_version int NOT NULL DEFAULT 0,
      signalled_at timestamptz(3),
      -- Signals since the workflow last reported. The pause before the next one grows with this number.
      unanswered_signals int NOT NULL DEFAULT 0,
      -- When an import cycle last ended. After three intervals without one, the connection is behind.
      cycle_at timestamptz(3),
      -- The deletion is complete; the row stays because changes point to it.
      ended_at timestamptz(3),

      CHECK ((role_arn IS NULL) = (account_id IS NULL))
    );
    CREATE INDEX ON connections (organization_id, created_at, id);
    -- For foreign keys within an organization: Postgres checks foreign keys without the policies.
    CREATE UNIQUE INDEX connections_of_organization ON connections (organization_id, id);
    CREATE UNIQUE INDEX connections_one_per_account ON connections (organization_id, account_id)
      WHERE deleted_at IS NULL AND account_id IS NOT NULL;

    CREATE FUNCTION refuse_change_of_external_id() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'external_id is generated once and cannot be changed' USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER external_id_is_fixed BEFORE UPDATE OF external_id ON connections FOR EACH ROW
      WHEN (OLD.external_id IS DISTINCT FROM NEW.external_id)
      EXECUTE FUNCTION refuse_change_of_external_id();

    ${isolateOrganizations('connections')}
    GRANT SELECT, INSERT ON connections TO cairn_api;
    GRANT UPDATE (name, version, version_at, role_arn, role_arn_set_at, role_revision, account_id, partition,
      selection, lookback_days, poll_interval_seconds, paused, deleted_at, purge, ended_at, signalled_version,
      signalled_at, unanswered_signals, status, status_reason, status_since) ON connections TO cairn_api;

    -- The reconciler finds the connections whose workflow needs a signal.
    GRANT SELECT (id, organization_id, version, seen_version, reported_at, next_poll_at,
      poll_interval_seconds, paused, role_arn, deleted_at, ended_at, created_at, signalled_version,
      signalled_at, unanswered_signals) ON connections TO cairn_system;
    GRANT UPDATE (seen_version, signalled_version, signalled_at, unanswered_signals) ON connections
      TO cairn_system;
    CREATE POLICY before_organization ON connections FOR SELECT TO cairn_system USING (true);
    CREATE POLICY signalling ON connections FOR UPDATE TO cairn_system USING (true) WITH CHECK (true);

    CREATE TABLE verifications (
      connection_id uuid PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      role_arn text NOT NULL,
      -- The revision of the connection's role that this row describes.
      role_revision int NOT NULL,
      -- Incremented when an attempt starts and when a verdict is withdrawn. Only the newest attempt writes.
      generation bigint NOT NULL DEFAULT 0,
      -- When the newest attempt started, by the database server's clock.
      started_at timestamptz(3),
      -- The findings so far of the attempt that is running.
      progress jsonb,
      progress_at timestamptz(3),

      -- The current verdict. Null until there is one.
      state text CHECK (state IN ('passed', 'failed', 'waiting')),
      verified_at timestamptz(3),
      checks jsonb,
      -- The generation of the attempt that reached it.
      verdict_generation bigint,
      -- The start of that attempt. The verdict's age counts from here.
      proven_at timestamptz(3),
      -- AWS's unique id of the role that passed.
      role_id text,

      -- The last attempt, if it was inconclusive. It does not change the verdict.
      inconclusive_at timestamptz(3),
      inconclusive_reason text,
      inconclusive_checks jsonb,
      CHECK (state <> 'passed' OR (verdict_generation IS NOT NULL AND proven_at IS NOT NULL AND role_id IS NOT NULL))
    );
    ${isolateOrganizations('verifications')}
    GRANT SELECT ON verifications TO cairn_api;

    CREATE TABLE coverage (
      connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      account_id text NOT NULL,
      region text NOT NULL,
      selection text NOT NULL CHECK (selection IN ('changes', 'all')),

      -- The ledger: half-open ranges on whole UTC seconds.
      settled tstzmultirange NOT NULL DEFAULT '{}',
      confirmed tstzmultirange NOT NULL DEFAULT '{}',
      -- Seconds that could not be read completely after several attempts: gaps that are shown and skipped.
      set_aside tstzmultirange NOT NULL DEFAULT '{}',
      -- Incremented when an attempt starts to work on this row. Older attempts then find no row to update.
      epoch bigint NOT NULL DEFAULT 0,

      -- denied and not_enabled only follow from AWS's explicit responses.
      state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'unknown', 'denied', 'not_enabled')),
      -- When LookupEvents first succeeded here. Import all later events, even if the state changes.
      answered_at timestamptz(3),
      -- Excluded by an owner, or by CAIRN_REGIONS.
      excluded_at timestamptz(3),
      excluded_by text CHECK (excluded_by IN ('owner', 'configuration')),
      CHECK ((excluded_at IS NULL) = (excluded_by IS NULL)),
      -- Whether completeness depends on this region.
      counts boolean NOT NULL GENERATED ALWAYS AS (excluded_at IS NULL AND (
        state IN ('active', 'unknown') OR answered_at IS NOT NULL OR NOT isempty(settled))) STORED,

      last_error text,
      -- The live scan and the backfill fail and wait independently.
      live_at timestamptz(3),
      live_due_at timestamptz(3) NOT NULL DEFAULT now(),
      live_failures int NOT NULL DEFAULT 0,
      -- Null: the backfill is complete.
      backfill_due_at timestamptz(3) DEFAULT now(),
      backfill_failures int NOT NULL DEFAULT 0,
      next_poll_at timestamptz(3) NOT NULL GENERATED ALWAYS AS (least(live_due_at, backfill_due_at)) STORED,
      quiet_polls int NOT NULL DEFAULT 0,

      events bigint NOT NULL DEFAULT 0,
      requests bigint NOT NULL DEFAULT 0,
      throttled bigint NOT NULL DEFAULT 0,
      late_events bigint NOT NULL DEFAULT 0,
      PRIMARY KEY (connection_id, account_id, region, selection)
    );
    ${isolateOrganizations('coverage')}
    GRANT SELECT ON coverage TO cairn_api;
    -- A change of the role stops the running imports; owners can exclude regions.
    GRANT UPDATE (epoch, excluded_at, excluded_by, live_due_at, backfill_due_at) ON coverage TO cairn_api;
  `.execute(db)
}
