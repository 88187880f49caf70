/**
 * An organization's own noise rules: which changes are routine, in addition to what their source
 * knows. Pure. See docs/decisions/035-noise-rules.md.
 */

/** `hide`: always routine. `show`: never routine, even if another rule hides it. */
export const NOISE_EFFECTS = ['hide', 'show'] as const
export type NoiseEffect = (typeof NOISE_EFFECTS)[number]

/** `actor` is its ID, `resource` the key of one of the change's resources. */
export const NOISE_FIELDS = ['source', 'service', 'action', 'actor', 'resource', 'account'] as const
export type NoiseField = (typeof NOISE_FIELDS)[number]

/** All of them must be equal. */
export type NoiseMatch = Partial<Record<NoiseField, string>>

export const MAX_NOISE_RULES = 200

export interface NoiseRule {
  id: string
  effect: NoiseEffect
  match: NoiseMatch
}

/** The values of a change. A change has several resources. */
export type NoiseSubject = Readonly<Record<NoiseField, readonly string[]>>

/**
 * What `changes.noise` is: null if the change is not routine; otherwise the ID of the source's rule
 * or of the organization's. `show` overrides everything, because hiding by mistake costs more.
 *
 * @param sourceNoise the ID of the source's noise rule that matches, or null
 */
export function noiseOf(
  subject: NoiseSubject,
  sourceNoise: string | null,
  rules: readonly NoiseRule[],
): string | null {
  const matching = rules.filter(({ match }) => matches(subject, match))
  if (matching.some(({ effect }) => effect === 'show')) return null
  return sourceNoise ?? matching[0]?.id ?? null
}

function matches(subject: NoiseSubject, match: NoiseMatch): boolean {
  const asked = NOISE_FIELDS.filter((field) => match[field] !== undefined)
  return asked.length > 0 && asked.every((field) => subject[field].includes(match[field]!))
}
