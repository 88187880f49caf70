/**
 * Environment rules: which environments a change belongs to. Pure. See
 * docs/decisions/034-environment-rules.md.
 */

export const RULE_MODES = ['first', 'all'] as const
export type RuleMode = (typeof RULE_MODES)[number]

/**
 * What a rule can match:
 *
 * - `connection`: its ID or its name
 * - `resource`: the ID, the name or the ARN of one of the change's resources
 * - `tag`: `key=value`, of the change's request or of one of its resources
 * - `actor`: its ID or its name
 * - `environment`: an environment that the change itself names
 */
export const MATCH_KEYS = [
  'source',
  'connection',
  'account',
  'region',
  'service',
  'resource',
  'tag',
  'actor',
  'repository',
  'branch',
  'label',
  'environment',
] as const
export type MatchKey = (typeof MATCH_KEYS)[number]

/** Patterns by key. Each key must match; of its patterns, one. */
type RuleMatch = Partial<Record<MatchKey, readonly string[]>>

export interface EnvironmentRule {
  /** For people. */
  name?: string
  match: RuleMatch
  /** IDs. Empty: the matching changes belong to no environment. */
  environments: readonly string[]
}

export interface EnvironmentRules {
  mode: RuleMode
  rules: readonly EnvironmentRule[]
}

/** The values of a change that rules match. A key without values matches no pattern. */
export type RuleSubject = Readonly<Record<MatchKey, readonly string[]>>

export const MAX_RULES = 200
export const MAX_PATTERNS = 100
export const MAX_PATTERN_LENGTH = 512
/** Over all rules: each costs one search in each value of each change. */
export const MAX_ASTERISKS = 5_000

/** A pattern, prepared for comparing: the texts between its asterisks. */
export type Pattern = readonly string[]

/** Patterns, of which a value must match one. Those without asterisks cost one lookup together. */
interface Patterns {
  exact: ReadonlySet<string>
  wild: readonly Pattern[]
}

export interface CompiledRules {
  mode: RuleMode
  rules: readonly {
    conditions: readonly { key: MatchKey; patterns: Patterns }[]
    environments: readonly string[]
  }[]
  /** The keys that any rule uses. */
  keys: ReadonlySet<MatchKey>
}

export function compileRules({ mode, rules }: EnvironmentRules): CompiledRules {
  const compiled = rules.map(({ match, environments }) => ({
    conditions: MATCH_KEYS.flatMap((key) => {
      const patterns = match[key]
      return patterns ? [{ key, patterns: compilePatterns(patterns) }] : []
    }),
    environments,
  }))
  const keys = new Set(compiled.flatMap(({ conditions }) => conditions.map(({ key }) => key)))
  return { mode, rules: compiled, keys }
}

/** The number of asterisks in all patterns; several in a row are one. */
export function countAsterisks(rules: readonly Pick<EnvironmentRule, 'match'>[]): number {
  const patterns = rules.flatMap(({ match }) => Object.values(match).flat())
  return patterns.reduce((sum, pattern) => sum + compilePattern(pattern).length - 1, 0)
}

function compilePatterns(patterns: readonly string[]): Patterns {
  const compiled = patterns.map(compilePattern)
  return {
    exact: new Set(compiled.flatMap((parts) => (parts.length === 1 ? parts : []))),
    wild: compiled.filter((parts) => parts.length > 1),
  }
}

export function compilePattern(pattern: string): Pattern {
  return fold(pattern).split(/\*+/)
}

/** @param text folded */
function matchesOneOf(text: string, { exact, wild }: Patterns): boolean {
  return exact.has(text) || wild.some((pattern) => matchesPattern(text, pattern))
}

/** Whether the value of a key can matter: whether any rule has a pattern that it matches. */
export function matchesAnyRule({ rules }: CompiledRules, key: MatchKey, value: string): boolean {
  const folded = fold(value)
  return rules.some(({ conditions }) =>
    conditions.some((each) => each.key === key && matchesOneOf(folded, each.patterns)),
  )
}

/** Ignores case. The same in every locale. */
export function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/**
 * Compares a text with a pattern in which `*` stands for any number of characters. Each part is
 * searched once, after the previous one: the leftmost place is always as good as a later one, so
 * nothing is tried twice.
 *
 * @param text folded
 */
export function matchesPattern(text: string, parts: Pattern): boolean {
  const first = parts[0]!
  if (parts.length === 1) return text === first
  const last = parts.at(-1)!
  if (!text.startsWith(first)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= end && text.endsWith(last)
}

/** Whether a text matches a pattern, ignoring case. */
export function matchPattern(text: string, pattern: string): boolean {
  return matchesPattern(fold(text), compilePattern(pattern))
}

/**
 * The rules that apply to a change: all that match it, or only the first one, depending on the
 * mode. A rule without conditions matches nothing.
 *
 * @returns places in the list, ascending
 */
export function applicableRules(subject: RuleSubject, { mode, rules }: CompiledRules): number[] {
  const folded = new Map<MatchKey, string[]>()
  const valuesOf = (key: MatchKey): string[] => {
    const known = folded.get(key)
    if (known) return known
    const values = subject[key].map(fold)
    folded.set(key, values)
    return values
  }
  const applicable: number[] = []
  for (const [place, { conditions }] of rules.entries()) {
    const matches =
      conditions.length > 0 &&
      conditions.every(({ key, patterns }) =>
        valuesOf(key).some((value) => matchesOneOf(value, patterns)),
      )
    if (!matches) continue
    applicable.push(place)
    if (mode === 'first') break
  }
  return applicable
}

/** How a change got its environments: by a name in it, or by rules. */
export interface OwnEnvironments {
  /** IDs, without duplicates. */
  environments: string[]
  /** The places of the rules in the list; empty if the change itself names the environments. */
  rules: number[]
}

/**
 * The environments of a change, regardless of its connection's default. Environments that the
 * change itself names come first: its sender knows best. Then the rules.
 *
 * @param byName environment IDs by folded name
 * @returns undefined if the change belongs to its connection's default
 */
export function ownEnvironments(
  subject: RuleSubject,
  rules: CompiledRules,
  byName: ReadonlyMap<string, string>,
): OwnEnvironments | undefined {
  const named = subject.environment.flatMap((name) => byName.get(fold(name.trim())) ?? [])
  if (named.length > 0) return { environments: [...new Set(named)], rules: [] }
  const places = applicableRules(subject, rules)
  if (places.length === 0) return undefined
  const environments = places.flatMap((place) => rules.rules[place]!.environments)
  return { environments: [...new Set(environments)], rules: places }
}
