import type { z } from 'zod'

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
}
