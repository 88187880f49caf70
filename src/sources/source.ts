import type { z } from 'zod'

/** What the rest of Cairn needs to know about a source. */
export interface Source {
  /** `Change.source` of its changes: `aws.cloudtrail`. */
  id: string
  /** For people: `AWS CloudTrail`. */
  name: string
  /** What `Change.detail` of its changes looks like in the API, `source` included. */
  detailSchema: z.ZodType
  /** One of its changes, for the API's description. */
  example?: Record<string, unknown>
  /**
   * The key of the resource that a text names in the source's own way, such as an ARN: filters by
   * resource accept it in every spelling.
   */
  resourceKey?: (text: string) => string | undefined
  /**
   * Fields that the detail of one change has in addition, from its stored record: what is too large
   * to be stored twice.
   *
   * @param record of any shape
   */
  readRecord?: (record: unknown) => Record<string, unknown>
}
