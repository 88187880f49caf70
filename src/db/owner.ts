/** The connection and the account that changes are imported from. */
export interface Owner {
  organizationId: string
  /** Null for changes that no connection imports. */
  connectionId: string | null
  /** The account in which the source's event IDs are unique; null for a source without accounts. */
  sourceAccount: string | null
}
