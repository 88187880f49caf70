export interface TrustReview {
  /**
   * `safe`: nobody gets in but Cairn's account, with the connection's external ID. `unsafe`:
   * somebody does who should not. `unclear`: the customer has to decide, or Cairn is not let in.
   * `another_role`: the text is of another role than the connection's, and proves nothing of it.
   */
  verdict: 'safe' | 'unsafe' | 'unclear' | 'another_role'
  /** One sentence. */
  summary: string
  /** Everybody that a statement allows to assume the role, in the policy's order. */
  trusted: TrustedParty[]
  notes: string[]
  /**
   * A trust policy for Cairn and nobody else, as JSON. Null when Cairn's part is as it should be,
   * the text is of another role, or it is not certain what Cairn runs as.
   */
  remedy: string | null
}

export interface TrustedParty {
  /** In words. */
  who: string
  /** As the policy names it. */
  principal: string
  /** The condition in words. */
  how: string
  /**
   * `expected`: Cairn, with the connection's external ID. `wider`: Cairn's whole account with it.
   * `dangerous`: Cairn without it, or anybody. `other`: for the customer to judge.
   */
  judgement: 'expected' | 'wider' | 'other' | 'dangerous'
  means: string
  /**
   * What to write instead of the statement, as JSON; its condition alone while it is not certain
   * what Cairn runs as. Null when there is nothing to write for Cairn.
   */
  remedy: string | null
}

export interface ExpectedTrust {
  /** The role or user that Cairn runs as, path included; null while it is not certain. */
  principalArn: string | null
  externalId: string
  /** The connection's role; null before it has one. */
  roleArn: string | null
}

/** What is decided about one principal of one statement. */
export type Judged = Pick<TrustedParty, 'judgement' | 'means'> & { who?: string }
