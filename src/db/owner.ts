/** Who imports, and from where. */
export interface Owner {
  organizationId: string
  /** Null for what no connection imports. */
  connectionId: string | null
  /** The account in which the source's event ids are unique; null for a source without accounts. */
  sourceAccount: string | null
}
