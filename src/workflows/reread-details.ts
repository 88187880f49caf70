import type { PendingOrganization, RereadState } from './reread-state.ts'

/** Organizations that the page lists. */
const LISTED = 20

/** What Temporal's UI shows about the progress, in Markdown. */
export function rereadDetails(state: RereadState): string {
  const { pending } = state
  const left = pending.reduce((sum, each) => sum + leftOf(each), 0)
  const versions = Object.entries(state.versions).map(([id, version]) => `${id} ${version}`)
  const lines = [
    `Reads stored records again, because an older reader has read them. Readers: ${versions.join(', ')}. Imports continue.`,
    '',
    '| | |',
    '|---|---|',
    `| Changes read again | ${state.reread} |`,
    `| Unchanged, because their record can no longer be read | ${state.kept} |`,
    `| Changes left | about ${left} |`,
    `| Organizations finished | ${state.finished} |`,
    `| Organizations left | ${pending.length} |`,
  ]
  if (pending.length > 0) lines.push('', '**Next:**', '')
  for (const each of pending.slice(0, LISTED)) {
    const error = each.lastError === null ? '' : `. Last error: ${each.lastError.slice(0, 200)}`
    lines.push(`- \`${each.organizationId}\`: ${each.reread} of ${each.outdated}${error}`)
  }
  return lines.join('\n')
}

function leftOf({ outdated, reread }: PendingOrganization): number {
  return Math.max(0, outdated - reread)
}
