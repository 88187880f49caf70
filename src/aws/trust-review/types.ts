export const TRUST_VERDICTS = ['safe', 'unsafe', 'unclear', 'another_role'] as const

export const JUDGMENTS = ['expected', 'wider', 'other', 'dangerous'] as const

export interface TrustReview {
  /**
   * `safe`: only Cairn's account has access, with the connection's external ID. `unsafe`: others
   * can have access. `unclear`: the customer has to decide, or Cairn has no access. `another_role`:
   * the text belongs to a different role than the connection's, and says nothing about it.
   */
  verdict: (typeof TRUST_VERDICTS)[number]
  /** One sentence. */
  summary: string
  /** All principals that a statement allows to assume the role, in the policy's order. */
  trusted: TrustedParty[]
  notes: string[]
  /**
   * A trust policy for Cairn only, as JSON. Null if Cairn's entry is correct, the text belongs to a
   * different role, or Cairn's identity is uncertain.
   */
  remedy: string | null
}

export interface TrustedParty {
  /** In words. */
  who: string
  /** As written in the policy. */
  principal: string
  /** The condition in words. */
  how: string
  /**
   * `expected`: Cairn, with the connection's external ID. `wider`: Cairn's whole account, with the
   * external ID. `dangerous`: Cairn without the external ID, or anyone. `other`: for the customer
   * to judge.
   */
  judgment: (typeof JUDGMENTS)[number]
  means: string
  /**
   * A replacement for the statement, as JSON; only its condition while Cairn's identity is
   * uncertain. Null if there is nothing to replace for Cairn.
   */
  remedy: string | null
}

export interface ExpectedTrust {
  /** The role or user that Cairn runs as, including the path; null while it is uncertain. */
  principalArn: string | null
  externalId: string
  /** The connection's role; null if none is set. */
  roleArn: string | null
}

/** The review of one principal of one statement. */
export type Judged = Pick<TrustedParty, 'judgment' | 'means'> & { who?: string }
