import type { AwsAccess } from '../aws/access.ts'
import type { Pacers } from '../aws/pacer.ts'
import type { Database } from '../db/database.ts'

/** What the activities work with; made once for each worker. */
export interface Dependencies {
  /** The pool of `DATABASE_URL`'s own login, which owns the tables and can add partitions. */
  db: Database
  aws: AwsAccess
  pacers: Pacers
  /** Regions to import, from `CAIRN_REGIONS`; undefined: all that answer. */
  regions?: readonly string[]
  /** Unix milliseconds. Default: the machine's clock. */
  clock?: () => number
  /** How long a cycle goes on beginning new scans, in milliseconds. */
  budgetMs?: number
}
