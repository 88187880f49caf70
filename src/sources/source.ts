import type { z } from 'zod'
import type { Change, Resource, SourceDetail } from '../changes/change.ts'

/** The interface of a source. */
export interface Source {
  /** `Change.source` of its changes: `aws.cloudtrail`. */
  id: string
  /** The display name: `AWS CloudTrail`. */
  name: string
  /** The schema of its changes' `detail` in the API, including `source`. */
  detailSchema: z.ZodType
  /** An example of its changes, for the API's description. */
  example?: Record<string, unknown>
  /**
   * The key of the resource that a text identifies in the source's own notation, such as an ARN, so
   * that filters by resource accept every notation.
   */
  resourceKey?: (text: string) => string | undefined
  /**
   * Additional fields of one change's detail, read from its stored record, because they are too
   * large to be stored twice.
   *
   * @param record of any shape
   */
  readRecord?: (record: unknown) => Record<string, unknown>
  /**
   * The detail of one change with what earlier changes of its first resource add, such as the value
   * of a field before the change. Not stored, because older changes are often imported later.
   *
   * @param earlier those that succeeded, at or before the change's time, newest first
   */
  withHistory?: (change: HistoricChange, earlier: readonly HistoricChange[]) => SourceDetail
  /** How its records become changes. Undefined if stored changes are never read again. */
  reader?: Reader
}

/** What a change and those before it are compared by. */
export interface HistoricChange {
  action: string
  occurredAt: Date
  resources: readonly Resource[]
  detail: SourceDetail
}

/** Reads records into changes. */
export interface Reader {
  /**
   * Stored with each change. Raising it makes workers read the stored records of all changes with
   * a lower version again.
   */
  version: number
  /**
   * Reads a stored record again.
   *
   * @returns undefined if the record can no longer become a change
   */
  reread: (stored: StoredRecord) => Change | undefined
}

/** A record as an import has stored it, with the identity of its change. */
export interface StoredRecord {
  /** JSON text. */
  record: string
  /** What the import stored beside the record, of any shape. */
  context: unknown
  sourceId: string
  occurredAt: Date
}
