import type { AwsAccess } from '../aws/access.ts'
import type { Pacers } from '../aws/pacer.ts'
import type { RoleGrant } from '../aws/session-cache.ts'
import type { Database } from '../db/database.ts'
import type { ConnectionRow } from '../db/schema/connections.ts'
import type { SecretBox } from '../integrations/secret-box.ts'

/** The dependencies of the activities, created once per worker. */
export interface Dependencies {
  /** The pool of `DATABASE_URL`'s own login, which owns the tables and can add partitions. */
  db: Database
  aws: AwsAccess
  pacers: Pacers
  /** The regions to import, from `CAIRN_REGIONS`; undefined: all that respond. */
  regions?: readonly string[]
  /** Unix milliseconds. Default: the machine's clock. */
  clock?: () => number
  /** How long a cycle starts new scans, in milliseconds. */
  budgetMs?: number
  /** Pause before a failed request is first repeated, in milliseconds; it doubles each time. */
  requestPauseMs?: number
  /** How many stored records are read again in one transaction. */
  rereadAtOnce?: number
  /** To how many stored changes rules are applied in one transaction. */
  relinkAtOnce?: number
  /** How many deliveries are translated in one transaction. */
  deliveriesAtOnce?: number
  /**
   * Decrypts tokens that the API has encrypted. Called when a token is needed, because the first start
   * creates the key.
   *
   * @throws if no key is configured
   */
  secrets?: () => SecretBox
  /** The URL of GitHub's REST API. Default: that of github.com. */
  githubApiUrl?: string | undefined
}

/** Identifies the session of a connection's role, for AssumeRole and for the cache. */
export function grantOf(connection: ConnectionRow): RoleGrant {
  return {
    connectionId: connection.id,
    roleArn: connection.role_arn!,
    partition: connection.partition!,
    externalId: connection.external_id,
  }
}
