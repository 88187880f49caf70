/** Which commits of a repository contain which, as far as recorded pushes show. */

import type { Candidate } from './candidate.ts'

/** Git abbreviates commits to seven digits or more. */
const LEAST_DIGITS = 7
/** GitHub's `before` of a push that creates a branch. */
const NO_COMMIT = /^0+$/

export interface CommitChain {
  /** The full form of a commit that pushes or merges name. An abbreviation of several is none. */
  find(commit: string): string | undefined
  /** A commit, in full form, and those that are known to descend from it. */
  descendants(commit: string): ReadonlySet<string>
}

/**
 * A push that is not forced adds to its branch: the commit after it contains the commit before it.
 * The commits of a push are all in the commit after it, but not in each other: those of a merged
 * branch do not contain what was merged before. Only the merge commits of the branch do.
 *
 * @param pushes of one repository
 * @param merges merged pull requests of the repository
 */
export function commitChainOf(
  pushes: readonly Candidate[],
  merges: readonly Candidate[],
): CommitChain {
  const children = new Map<string, string[]>()
  const link = (parent: string, child: string) => {
    if (parent === child || NO_COMMIT.test(parent)) return
    const linked = children.get(parent)
    if (linked === undefined) children.set(parent, [child])
    else linked.push(child)
  }
  const branchOf = new Map(
    merges.flatMap(({ commits, code }) => commits.map((commit) => [commit, code.branch])),
  )
  const seen = new Set(branchOf.keys())
  for (const { commits, code } of pushes) {
    const [after, ...listed] = commits
    if (after === undefined) continue
    let parent = code.isForced ? null : code.before
    for (const commit of [...listed.filter((commit) => commit !== after), after]) {
      seen.add(commit)
      link(commit, after)
      if (commit !== after && branchOf.get(commit) !== code.branch) continue
      if (parent !== null) link(parent, commit)
      parent = commit
    }
    if (code.before !== null) seen.add(code.before)
  }
  return { find: finder(seen), descendants: closure(children) }
}

/** All commits that are reachable, with the first one. Each is computed once. */
function closure(children: ReadonlyMap<string, readonly string[]>) {
  const computed = new Map<string, Set<string>>()
  return (first: string): ReadonlySet<string> => {
    const known = computed.get(first)
    if (known !== undefined) return known
    const reached = new Set([first])
    // A set visits the members that are added while it is read.
    for (const commit of reached) for (const child of children.get(commit) ?? []) reached.add(child)
    computed.set(first, reached)
    return reached
  }
}

function finder(commits: ReadonlySet<string>): CommitChain['find'] {
  const byStart = Map.groupBy(commits, (commit) => commit.slice(0, LEAST_DIGITS))
  return (commit) => {
    if (commits.has(commit)) return commit
    const found = (byStart.get(commit.slice(0, LEAST_DIGITS)) ?? []).filter((full) =>
      full.startsWith(commit),
    )
    return found.length === 1 ? found[0] : undefined
  }
}
