/**
 * Who a worker is to AWS, and whether that is who customers' trust policies have to name.
 * Sentences and ARNs only: no key, no token, nothing of a session's secret.
 */
export interface PrincipalFinding {
  /**
   * - `certain`: `arn` is what trust policies have to name
   * - `uncertain`: credentials work, but `arn` cannot be told from them
   * - `unusable`: AWS lets these credentials assume no role
   * - `unknown`: AWS does not know who Cairn is, or could not be asked
   */
  state: 'certain' | 'uncertain' | 'unusable' | 'unknown'
  /** `arn:aws:iam::123456789012:role/path/cairn`; set when, and only when, it is certain. */
  arn: string | null
  /** `aws` */
  partition: string | null
  accountId: string | null
  /** As GetCallerIdentity says it: `arn:aws:sts::123456789012:assumed-role/cairn/SESSION`. */
  caller: string | null
  /** What was seen. */
  saw: string
  /** What it means. */
  means: string
  /** What mends it; null when nothing has to be mended. */
  remedy: string | null
  /** Where `arn` is from; null without one. */
  source: 'configured' | 'iam:GetRole' | 'caller' | null
  /** Where the credentials come from, in words for the operator. */
  credentials: string | null
}
