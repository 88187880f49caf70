import { type Kysely, sql } from 'kysely'

/**
 * The first schema. Tables that belong to an organization have forced row-level
 * security from here on; see `docs/decisions/002-row-level-security.md` for the roles, which
 * `migrate` creates before.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    GRANT USAGE ON SCHEMA public TO cairn_api, cairn_system, cairn_search;

    -- For text search. A trusted extension: whoever may create in the database may have it.
    CREATE EXTENSION IF NOT EXISTS pg_trgm;

    -- The organization that the current transaction acts for; NULL sees nothing.
    CREATE FUNCTION current_organization() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('cairn.organization_id', true), '')::uuid;

    -- One row. A copy of the database gets another id by \`npm run admin -- installation renew\`.
    CREATE TABLE installation (
      is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
      -- In Temporal's task queue and workflow ids: installations may share a namespace.
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      created_at timestamptz(3) NOT NULL DEFAULT now()
    );
    INSERT INTO installation DEFAULT VALUES;

    CREATE TABLE organizations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz(3) NOT NULL DEFAULT now()
    );

    CREATE TABLE api_keys (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL,
      -- SHA-256 of the key. Keys are 256 random bits, so a slow hash would protect nothing.
      key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      revoked_at timestamptz(3),
      -- How it begins, for people to tell theirs apart. Only of keys that Cairn made.
      prefix text CHECK (length(prefix) <= 12),
      -- To the hour.
      last_used_at timestamptz(3),
      -- The address of whoever made it. It outlives them, as the key does.
      created_by text CHECK (length(created_by) <= 320)
    );
    CREATE INDEX ON api_keys (organization_id);

    CREATE TABLE connections (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      external_id text NOT NULL UNIQUE CHECK (length(external_id) BETWEEN 2 AND 1224),
      created_at timestamptz(3) NOT NULL DEFAULT now(),

      -- Desired state: what people ask for. Each change raises version.
      version int NOT NULL DEFAULT 1,
      version_at timestamptz(3) NOT NULL DEFAULT now(),
      role_arn text,
      role_arn_set_at timestamptz(3),
      -- Raised by each change of role_arn: a verification is of one revision, so that a role that is
      -- set again after another one is verified again.
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
      -- When the workflow last did anything at all, and when it will do so next.
      reported_at timestamptz(3),
      next_poll_at timestamptz(3),
      -- What the workflow was signalled about, see src/db/signals.ts. While signalled_version is greater
      -- than seen_version, a signal is still unread.
      signalled_version int NOT NULL DEFAULT 0,
      signalled_at timestamptz(3),
      -- Signals since the workflow last reported: the pause before the next one grows with them.
      unanswered_signals int NOT NULL DEFAULT 0,
      -- When an import cycle last ended. A connection without one for three intervals is behind.
      cycle_at timestamptz(3),
      -- The deletion is complete; the row stays for the changes that point to it.
      ended_at timestamptz(3),

      CHECK ((role_arn IS NULL) = (account_id IS NULL))
    );
    CREATE INDEX ON connections (organization_id, created_at, id);
    -- For keys that must not lead to another organization: checking one is not held by the policies.
    CREATE UNIQUE INDEX connections_of_organization ON connections (organization_id, id);
    CREATE UNIQUE INDEX connections_one_per_account ON connections (organization_id, account_id)
      WHERE deleted_at IS NULL AND account_id IS NOT NULL;

    CREATE FUNCTION refuse_change_of_external_id() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'external_id is made once and cannot be changed' USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER external_id_is_fixed BEFORE UPDATE OF external_id ON connections FOR EACH ROW
      WHEN (OLD.external_id IS DISTINCT FROM NEW.external_id)
      EXECUTE FUNCTION refuse_change_of_external_id();

    CREATE TABLE verifications (
      connection_id uuid PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      role_arn text NOT NULL,
      -- The revision of the connection's role that all of this is about.
      role_revision int NOT NULL,
      -- Raised when an attempt starts and when a verdict is withdrawn: only the newest attempt writes.
      generation bigint NOT NULL DEFAULT 0,
      -- When the newest attempt started, by this server's clock.
      started_at timestamptz(3),
      -- What the attempt that runs now has found so far.
      progress jsonb,
      progress_at timestamptz(3),

      -- The verdict that stands; null until there is one.
      state text CHECK (state IN ('passed', 'failed', 'waiting')),
      verified_at timestamptz(3),
      checks jsonb,
      -- The generation of the attempt that reached it.
      verdict_generation bigint,
      -- The start of that attempt: its age counts from here.
      proven_at timestamptz(3),
      -- AWS's unique id of the role that passed.
      role_id text,

      -- The last attempt, when it was inconclusive and left the verdict as it was.
      inconclusive_at timestamptz(3),
      inconclusive_reason text,
      inconclusive_checks jsonb,
      CHECK (state <> 'passed' OR (verdict_generation IS NOT NULL AND proven_at IS NOT NULL AND role_id IS NOT NULL))
    );

    CREATE TABLE coverage (
      connection_id uuid NOT NULL REFERENCES connections ON DELETE CASCADE,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      account_id text NOT NULL,
      region text NOT NULL,
      selection text NOT NULL CHECK (selection IN ('changes', 'all')),

      -- The ledger. Half-open ranges on whole UTC seconds.
      settled tstzmultirange NOT NULL DEFAULT '{}',
      confirmed tstzmultirange NOT NULL DEFAULT '{}',
      -- Seconds that could not be read whole after several tries: gaps that are shown and passed over.
      set_aside tstzmultirange NOT NULL DEFAULT '{}',
      -- Raised by whoever starts to work on this row: older attempts find no row to update.
      epoch bigint NOT NULL DEFAULT 0,

      -- Denied and not_enabled are AWS's explicit answers, nothing else.
      state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('active', 'unknown', 'denied', 'not_enabled')),
      -- When LookupEvents first answered here: what comes after is wanted, whatever the state becomes.
      answered_at timestamptz(3),
      -- Left out by an owner, or by CAIRN_REGIONS.
      excluded_at timestamptz(3),
      excluded_by text CHECK (excluded_by IN ('owner', 'configuration')),
      CHECK ((excluded_at IS NULL) = (excluded_by IS NULL)),
      -- Whether this region is part of what complete means.
      counts boolean NOT NULL GENERATED ALWAYS AS (excluded_at IS NULL AND (
        state IN ('active', 'unknown') OR answered_at IS NOT NULL OR NOT isempty(settled))) STORED,

      last_error text,
      -- The live scan and the backfill fail and wait apart from each other.
      live_at timestamptz(3),
      live_due_at timestamptz(3) NOT NULL DEFAULT now(),
      live_failures int NOT NULL DEFAULT 0,
      -- Null: there was nothing left to do.
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

    -- What an index holds has to be immutable, and array_to_string() is only stable, for other types' sake:
    -- that keeps it from being inlined, which costs more than all else here.
    CREATE FUNCTION join_many(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_string(texts, E'\\x1f', '');

    -- Most have an id, or an id and an ARN.
    CREATE FUNCTION join_texts(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE cardinality(texts) WHEN 1 THEN texts[1] WHEN 2 THEN texts[1] || E'\\x1f' || texts[2]
      ELSE join_many(texts) END;

    -- What facets are counted by, as one number: grouping by ten columns takes ten times as long. Two
    -- combinations with one number would be counted as one of them: with a million combinations, the
    -- probability is 1 in 30 million.
    CREATE FUNCTION facet_key(source text, service text, region text, account_id text, actor_id text,
      actor text, tool text, action text, outcome text, connection_id uuid, is_noise boolean)
    RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hash_record_extended(ROW(source, service, region, account_id, actor_id, actor, tool,
      action, outcome, connection_id, is_noise), 0);

    -- What text search looks through.
    CREATE FUNCTION searched_text(summary text, actor text, action text, resources text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN summary || E'\\x1f' || actor || E'\\x1f' || action || E'\\x1f' || join_texts(resources);

    -- organization_id, occurred_at, id is identity and the feed's order at once: id is derived from
    -- (organization, source, source account, source id) and the time, see changeId().
    CREATE TABLE changes (
      organization_id uuid NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      ended_at timestamptz(3),
      id uuid NOT NULL,
      -- Which connection imports it: the filter and the environment follow from it. Another
      -- connection to the same account takes it over. Null for what no connection imports.
      connection_id uuid,
      source text NOT NULL,
      -- The account in which source_id is unique: for CloudTrail the AWS account that was asked.
      source_account text,
      source_id text NOT NULL,
      imported_at timestamptz(3) NOT NULL DEFAULT now(),
      summary text NOT NULL,
      service text NOT NULL,
      action text NOT NULL,
      -- The actor's name, and the id that is the same over all its sessions.
      actor text NOT NULL,
      actor_id text NOT NULL,
      tool text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'denied')),
      region text,
      account_id text,
      -- The ids and ARNs of its resources as the source wrote them, for text search.
      resources text[] NOT NULL DEFAULT '{}',
      -- Bounded, because an index entry fails past 2,704 bytes.
      resource_ids int[] NOT NULL DEFAULT '{}' CHECK (cardinality(resource_ids) <= 100),
      read_only boolean NOT NULL DEFAULT false,
      noise text,
      change_set_id uuid,
      -- What is only shown of the change: actor with its chain, tool, resources, risks, links.
      envelope jsonb NOT NULL,
      -- The part that its source types: { source, … }.
      detail jsonb NOT NULL,
      facet_key bigint NOT NULL GENERATED ALWAYS AS (facet_key(source, service, region, account_id,
        actor_id, actor, tool, action, outcome, connection_id, noise IS NOT NULL)) STORED,
      PRIMARY KEY (organization_id, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at);
    CREATE INDEX changes_facets ON changes (organization_id, occurred_at)
      INCLUDE (outcome, noise, facet_key, resource_ids);
    CREATE INDEX changes_search ON changes
      USING gin (searched_text(summary, actor, action, resources) gin_trgm_ops);
    CREATE INDEX changes_resource_ids ON changes USING gin (resource_ids);
    CREATE INDEX changes_source_id ON changes (organization_id, source_id);
    -- For purges. Few values, so Postgres keeps it at a few bytes a row.
    CREATE INDEX changes_connection ON changes (connection_id);
    CREATE INDEX changes_change_set ON changes (change_set_id);

    -- What changes refer to, once per organization: see docs/decisions/025-resources-and-facets.md.
    CREATE TABLE resources (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id int GENERATED ALWAYS AS IDENTITY,
      -- The canonical key, see src/changes/resource-key.ts. It can be too long for an index, so
      -- its SHA-256 is unique instead.
      key text NOT NULL,
      key_digest bytea NOT NULL CHECK (octet_length(key_digest) = 32),
      source text NOT NULL,
      account_id text,
      region text,
      type text NOT NULL,
      -- The last part of the key.
      resource_id text NOT NULL,
      name text,
      arn text,
      PRIMARY KEY (organization_id, id),
      CONSTRAINT resources_key UNIQUE (organization_id, key_digest)
    );
    CREATE INDEX resources_resource_id ON resources (organization_id, resource_id);
    CREATE INDEX resources_name ON resources (organization_id, name) WHERE name IS NOT NULL;
    CREATE INDEX resources_arn ON resources (organization_id, arn) WHERE arn IS NOT NULL;

    -- Each combination of values that changes have: facets count combinations, and then their values.
    CREATE TABLE facet_groups (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      key bigint NOT NULL GENERATED ALWAYS AS (facet_key(source, service, region, account_id,
        actor_id, actor, tool, action, outcome, connection_id, is_noise)) STORED,
      source text NOT NULL,
      service text NOT NULL,
      region text,
      account_id text,
      actor_id text NOT NULL,
      actor text NOT NULL,
      tool text NOT NULL,
      action text NOT NULL,
      outcome text NOT NULL,
      connection_id uuid,
      is_noise boolean NOT NULL,
      PRIMARY KEY (organization_id, key)
    );
    CREATE INDEX facet_groups_connection ON facet_groups (connection_id);

    -- In the order of the keys, so that transactions that add the same groups do not deadlock.
    CREATE FUNCTION store_facet_groups() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO facet_groups (organization_id, source, service, region, account_id, actor_id, actor,
        tool, action, outcome, connection_id, is_noise)
      SELECT DISTINCT ON (organization_id, facet_key) organization_id, source, service, region,
        account_id, actor_id, actor, tool, action, outcome, connection_id, noise IS NOT NULL
      FROM fresh f
      WHERE NOT EXISTS (SELECT FROM facet_groups g
        WHERE g.organization_id = f.organization_id AND g.key = f.facet_key)
      ORDER BY organization_id, facet_key
      ON CONFLICT DO NOTHING;
      RETURN NULL;
    END $$;
    CREATE TRIGGER store_facet_groups AFTER INSERT ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION store_facet_groups();
    CREATE TRIGGER store_facet_groups_of_updated AFTER UPDATE ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION store_facet_groups();

    CREATE TABLE change_records (
      organization_id uuid NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      id uuid NOT NULL,
      record jsonb NOT NULL,
      PRIMARY KEY (organization_id, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at);

    -- Which changes are one piece of work: see docs/decisions/004-change-sets.md.
    CREATE TABLE change_sets (
      organization_id uuid NOT NULL,
      -- The id of the change that opened the set.
      id uuid NOT NULL,
      session_key text NOT NULL,
      stream text,
      opened_at timestamptz(3) NOT NULL,
      from_time timestamptz(3) NOT NULL,
      until_time timestamptz(3) NOT NULL,
      -- The set that it became a part of. Changes keep pointing here.
      absorbed_into uuid,
      PRIMARY KEY (organization_id, id)
    );
    CREATE INDEX change_sets_by_session_key ON change_sets (organization_id, session_key, until_time)
      WHERE absorbed_into IS NULL;
    CREATE INDEX change_sets_absorbed ON change_sets (organization_id, absorbed_into)
      WHERE absorbed_into IS NOT NULL;
    CREATE INDEX change_sets_feed ON change_sets (organization_id, opened_at, id)
      WHERE absorbed_into IS NULL;

    -- Events that a source returned and that cannot become a change: one row an event.
    CREATE TABLE unparsed_records (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      -- Which connection returned it last. Null for a source without connections.
      connection_id uuid,
      source text NOT NULL,
      -- As in changes.
      source_account text,
      -- SHA-256 over the event's id, or over the whole entry when the source named no id.
      event_key bytea NOT NULL CHECK (octet_length(event_key) = 32),
      region text,
      event_id text,
      event_name text,
      event_source text,
      event_time timestamptz(3),
      username text,
      reason text NOT NULL,
      -- The source's whole entry. bytea, because it may contain what text refuses.
      raw bytea NOT NULL,
      seen_at timestamptz(3) NOT NULL DEFAULT now(),
      CONSTRAINT unparsed_records_event UNIQUE NULLS NOT DISTINCT
        (organization_id, source_account, event_key),
      FOREIGN KEY (organization_id, connection_id)
        REFERENCES connections (organization_id, id) ON DELETE CASCADE
    );
    CREATE INDEX unparsed_records_connection ON unparsed_records (connection_id, id);

    CREATE TABLE environments (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      color text NOT NULL CHECK (color IN ('gray', 'red', 'pink', 'grape', 'violet', 'indigo',
        'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange')),
      -- 0 is the first; there are no holes.
      position int NOT NULL CHECK (position >= 0),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      UNIQUE (organization_id, id),
      -- Deferrable: looked at once a statement, which may move many.
      UNIQUE (organization_id, position) DEFERRABLE
    );
    -- The same in every database, whatever its locale.
    CREATE UNIQUE INDEX environments_name ON environments
      (organization_id, casefold(normalize(name) COLLATE pg_unicode_fast));

    -- What links changes with environments: see docs/decisions/014-environment-links.md.
    CREATE TABLE environment_links (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      environment_id uuid NOT NULL,
      -- All changes of this connection, past and future.
      connection_id uuid NOT NULL,
      made_by text NOT NULL CHECK (made_by IN ('connection_default')),
      made_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (connection_id, environment_id, made_by),
      CONSTRAINT environment_links_environment FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE CASCADE,
      FOREIGN KEY (organization_id, connection_id)
        REFERENCES connections (organization_id, id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX environment_links_one_default ON environment_links (connection_id)
      WHERE made_by = 'connection_default';
    CREATE INDEX ON environment_links (organization_id, environment_id);

    -- Which role each worker process runs as: of the installation, not of an organization. ARNs and
    -- sentences only.
    CREATE TABLE worker_principals (
      worker text PRIMARY KEY CHECK (length(worker) BETWEEN 1 AND 200),
      seen_at timestamptz(3) NOT NULL,
      -- The worker's CAIRN_PRINCIPAL_ARN.
      configured text,
      finding jsonb NOT NULL
    );

    -- better-auth's own tables, as its getMigrations() prints them for the options in
    -- src/auth/better-auth.ts. test/auth/schema.test.ts says when it wants others.
    CREATE SCHEMA auth;
    CREATE TABLE auth."user" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "name" text NOT NULL,
      "email" text NOT NULL UNIQUE,
      "emailVerified" boolean NOT NULL,
      "image" text,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
    );
    CREATE TABLE auth."session" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "expiresAt" timestamptz NOT NULL,
      "token" text NOT NULL UNIQUE,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz NOT NULL,
      "ipAddress" text,
      "userAgent" text,
      "userId" uuid NOT NULL REFERENCES auth."user" ("id") ON DELETE CASCADE
    );
    CREATE TABLE auth."account" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "accountId" text NOT NULL,
      "providerId" text NOT NULL,
      "userId" uuid NOT NULL REFERENCES auth."user" ("id") ON DELETE CASCADE,
      "accessToken" text,
      "refreshToken" text,
      "idToken" text,
      "accessTokenExpiresAt" timestamptz,
      "refreshTokenExpiresAt" timestamptz,
      "scope" text,
      "password" text,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz NOT NULL
    );
    CREATE TABLE auth."verification" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "identifier" text NOT NULL,
      "value" text NOT NULL,
      "expiresAt" timestamptz NOT NULL,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
    );
    CREATE TABLE auth."rateLimit" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "key" text NOT NULL UNIQUE,
      "count" integer NOT NULL,
      "lastRequest" bigint NOT NULL
    );
    CREATE INDEX "session_userId_idx" ON auth."session" ("userId");
    CREATE INDEX "account_userId_idx" ON auth."account" ("userId");
    CREATE INDEX "verification_identifier_idx" ON auth."verification" ("identifier");

    CREATE TABLE members (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES auth."user" ON DELETE CASCADE,
      role text NOT NULL CHECK (role IN ('owner', 'member')),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      UNIQUE (organization_id, user_id)
    );
    CREATE INDEX ON members (user_id);

    CREATE TABLE invitations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      role text NOT NULL CHECK (role IN ('owner', 'member')),
      -- Whom it is for, when that was said.
      email text,
      -- SHA-256 of the link's token: 256 random bits, as a key has.
      token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
      -- The link that the start prints. It is worth nothing once there is an owner.
      first_owner boolean NOT NULL DEFAULT false,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      created_by uuid REFERENCES auth."user" ON DELETE SET NULL,
      expires_at timestamptz(3) NOT NULL,
      accepted_at timestamptz(3),
      revoked_at timestamptz(3)
    );
    CREATE INDEX ON invitations (organization_id);

    -- What the API's servers listen to: see src/db/notifications.ts. Postgres drops what a transaction
    -- says twice, and says it only when the transaction is committed.
    CREATE FUNCTION notify_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('cairn', json_build_object('kind', 'changes', 'organization', organization_id,
        'connection', connection_id, 'count', count(*), 'noise', count(noise),
        'newest', max(occurred_at))::text)
      FROM fresh GROUP BY organization_id, connection_id;
      RETURN NULL;
    END $$;
    CREATE TRIGGER notify_of_changes AFTER INSERT ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes();

    -- The row's ids alone: a coverage row is written with each page, and may hold many ranges.
    CREATE FUNCTION notify_of_connection() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      connection uuid;
    BEGIN
      IF TG_TABLE_NAME = 'connections' THEN
        connection := coalesce(NEW.id, OLD.id);
        -- The reconciler's note that it has signalled the workflow is nothing that people see.
        IF TG_OP = 'UPDATE' AND NEW.version = OLD.version
          AND NEW.unanswered_signals > OLD.unanswered_signals THEN RETURN NULL; END IF;
      ELSE
        connection := NEW.connection_id;
      END IF;
      PERFORM pg_notify('cairn', json_build_object('kind', 'connection',
        'organization', coalesce(NEW.organization_id, OLD.organization_id),
        'connection', connection)::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE OR DELETE ON connections
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE ON verifications
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE ON coverage
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();

    CREATE FUNCTION partition_name(parent text, week timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN parent || '_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');

    -- Makes the weekly partitions that a range of time needs. Attached, not created in place:
    -- ATTACH does not lock readers and writers out, and a CHECK that is there first spares the scan.
    CREATE PROCEDURE ensure_partitions(from_time timestamptz, to_time timestamptz)
    LANGUAGE plpgsql AS $$
    DECLARE
      week timestamptz := date_trunc('week', from_time, 'UTC');
      parent text;
      name text;
    BEGIN
      WHILE week <= to_time LOOP
        FOREACH parent IN ARRAY ARRAY['changes', 'change_records'] LOOP
          name := partition_name(parent, week);
          -- Every cycle asks: only who finds one missing waits for the others, and looks again. In
          -- pg_class, for to_regclass may still believe what it knew before the wait.
          CONTINUE WHEN EXISTS (SELECT FROM pg_class
            WHERE relname = name AND relnamespace = 'public'::regnamespace);
          PERFORM pg_advisory_xact_lock(hashtext('cairn.ensure_partitions'));
          IF NOT EXISTS (SELECT FROM pg_class
            WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES)', name, parent);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
              parent, name, week, week + interval '7 days');
          END IF;
        END LOOP;
        week := week + interval '7 days';
      END LOOP;
    END $$;
  `.execute(db)

  for (const table of [
    'api_keys',
    'connections',
    'verifications',
    'coverage',
    'changes',
    'change_records',
    'change_sets',
    'resources',
    'facet_groups',
    'unparsed_records',
    'environments',
    'environment_links',
    'members',
    'invitations',
  ]) {
    await sql`
      ALTER TABLE ${sql.table(table)} ENABLE ROW LEVEL SECURITY;
      ALTER TABLE ${sql.table(table)} FORCE ROW LEVEL SECURITY;
      CREATE POLICY organization ON ${sql.table(table)}
        USING (organization_id = (SELECT current_organization()))
        WITH CHECK (organization_id = (SELECT current_organization()));
    `.execute(db)
  }

  await sql`
    ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
    ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
    CREATE POLICY organization ON organizations USING (id = (SELECT current_organization()));

    -- The one table that every organization may read. Only its owner, the workers' login, writes.
    ALTER TABLE worker_principals ENABLE ROW LEVEL SECURITY;
    ALTER TABLE worker_principals FORCE ROW LEVEL SECURITY;
    CREATE POLICY installation ON worker_principals USING (true);
    GRANT SELECT ON worker_principals TO cairn_api, cairn_system;

    -- Also readable by all. Only an administrator's command changes it, as the owner.
    ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
    ALTER TABLE installation FORCE ROW LEVEL SECURITY;
    CREATE POLICY installation ON installation USING (true);
    GRANT SELECT ON installation TO cairn_api, cairn_system;

    -- What the API may do inside an organization.
    GRANT SELECT ON organizations, verifications, coverage, changes, change_records,
      change_sets, resources, facet_groups, unparsed_records
      TO cairn_api;
    GRANT SELECT, INSERT ON connections TO cairn_api;
    GRANT UPDATE (name, version, version_at, role_arn, role_arn_set_at, role_revision, account_id, partition,
      selection, lookback_days, poll_interval_seconds, paused, deleted_at, purge, ended_at, signalled_version,
      signalled_at, unanswered_signals, status, status_reason, status_since) ON connections TO cairn_api;
    -- Another role stops the imports that run; regions can be excluded.
    GRANT UPDATE (epoch, excluded_at, excluded_by, live_due_at, backfill_due_at) ON coverage TO cairn_api;
    GRANT SELECT, INSERT, UPDATE ON api_keys TO cairn_api;
    GRANT SELECT, INSERT, DELETE ON environments, environment_links TO cairn_api;
    GRANT UPDATE (name, color, position) ON environments TO cairn_api;
    GRANT UPDATE (environment_id, made_at) ON environment_links TO cairn_api;

    -- What is done before an organization is known: finding a key's organization, making an
    -- organization, and seeing which connections need their workflow to be signalled.
    GRANT SELECT, INSERT ON organizations TO cairn_system;
    GRANT SELECT, INSERT ON api_keys TO cairn_system;
    GRANT SELECT (id, organization_id, version, seen_version, reported_at, next_poll_at,
      poll_interval_seconds, paused, role_arn, deleted_at, ended_at, created_at, signalled_version,
      signalled_at, unanswered_signals) ON connections TO cairn_system;
    GRANT UPDATE (seen_version, signalled_version, signalled_at, unanswered_signals) ON connections
      TO cairn_system;
    CREATE POLICY before_organization ON organizations TO cairn_system USING (true) WITH CHECK (true);
    CREATE POLICY before_organization ON api_keys TO cairn_system USING (true) WITH CHECK (true);
    CREATE POLICY before_organization ON connections FOR SELECT TO cairn_system USING (true);
    CREATE POLICY signalling ON connections FOR UPDATE TO cairn_system USING (true) WITH CHECK (true);

    -- People. Who they are is found out before their organization is: cairn_api sees nothing of auth.
    GRANT SELECT, DELETE ON members TO cairn_api;
    GRANT SELECT, INSERT ON invitations TO cairn_api;
    GRANT UPDATE (revoked_at) ON invitations TO cairn_api;
    GRANT UPDATE (last_used_at) ON api_keys TO cairn_system;
    GRANT SELECT, INSERT ON members, invitations TO cairn_system;
    GRANT UPDATE (accepted_at) ON invitations TO cairn_system;
    CREATE POLICY before_organization ON members TO cairn_system USING (true) WITH CHECK (true);
    CREATE POLICY before_organization ON invitations TO cairn_system USING (true) WITH CHECK (true);
    GRANT USAGE ON SCHEMA auth TO cairn_system;
    GRANT SELECT, INSERT, DELETE ON auth."user" TO cairn_system;
    GRANT SELECT, INSERT, UPDATE, DELETE ON auth."session", auth."rateLimit" TO cairn_system;
    GRANT SELECT, INSERT ON auth."account" TO cairn_system;
    GRANT UPDATE ("password", "updatedAt") ON auth."account" TO cairn_system;

    -- Text search. ILIKE is not leakproof, so behind a row-level security policy it finds no index. This
    -- function runs as a role that has none in its way, and says itself whose rows it may give: ids, to
    -- be read by who asked, under the policy. An id tells its time. Patterns are alternatives; past
    -- \`most\` there is no telling which ids are given.
    CREATE FUNCTION search_changes(patterns text[], from_time timestamptz, to_time timestamptz, most int)
    RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    -- The index on the text, whatever the planner thinks of it: it may not look into the statistics.
    SET enable_seqscan = off
    SET enable_indexscan = off
    SET enable_indexonlyscan = off
    SET jit = off
    AS $$
    BEGIN
      RETURN QUERY EXECUTE format('SELECT id FROM public.changes
        WHERE organization_id = %L AND occurred_at >= %L AND occurred_at < %L
          AND public.searched_text(summary, actor, action, resources) ILIKE ANY (%L::text[])
        LIMIT %s', public.current_organization(), coalesce(from_time, '-infinity'),
        coalesce(to_time, 'infinity'), patterns, most);
    END $$;
    -- The same for the changes of resources.
    CREATE FUNCTION changes_of_resources(ids int[], from_time timestamptz, to_time timestamptz, most int)
    RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    SET enable_indexscan = off
    SET enable_indexonlyscan = off
    SET jit = off
    AS $$
    BEGIN
      RETURN QUERY EXECUTE format('SELECT id FROM public.changes
        WHERE organization_id = %L AND occurred_at >= %L AND occurred_at < %L
          AND resource_ids && %L::int[]
        LIMIT %s', public.current_organization(), coalesce(from_time, '-infinity'),
        coalesce(to_time, 'infinity'), ids, most);
    END $$;
    -- For purges: which of these resources a change refers to.
    CREATE FUNCTION used_resources(ids int[]) RETURNS SETOF int
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    SET enable_indexscan = off
    SET enable_indexonlyscan = off
    SET jit = off
    AS $$
    DECLARE
      wanted int;
    BEGIN
      FOREACH wanted IN ARRAY ids LOOP
        IF EXISTS (SELECT FROM public.changes WHERE resource_ids @> ARRAY[wanted]
          AND organization_id = public.current_organization()) THEN
          RETURN NEXT wanted;
        END IF;
      END LOOP;
    END $$;
    REVOKE EXECUTE ON FUNCTION search_changes, changes_of_resources, used_resources FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION search_changes, changes_of_resources TO cairn_api;
    GRANT SELECT ON changes TO cairn_search;
    CREATE POLICY search ON changes FOR SELECT TO cairn_search USING (true);
    -- Only who may make things in a schema can own what is in it.
    GRANT CREATE ON SCHEMA public TO cairn_search;
    ALTER FUNCTION search_changes OWNER TO cairn_search;
    ALTER FUNCTION changes_of_resources OWNER TO cairn_search;
    ALTER FUNCTION used_resources OWNER TO cairn_search;
    SET LOCAL ROLE cairn_search;
    GRANT EXECUTE ON FUNCTION used_resources TO SESSION_USER;
    RESET ROLE;
    REVOKE CREATE ON SCHEMA public FROM cairn_search;
  `.execute(db)
}
