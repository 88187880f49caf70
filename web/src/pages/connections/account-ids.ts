const MAX_ACCOUNTS = 1_000

/**
 * Finds account IDs in pasted text: a table column, JSON, the output of the AWS CLI. Ignores words
 * and dashes between them, but reports numbers of a wrong length, because they are likely mistyped
 * IDs.
 *
 * @returns each ID once, in order, and the error to display
 */
export function readAccountIds(pasted: string): { accountIds: string[]; problem?: string } {
  const numbers = pasted.replaceAll(/\b(\d{4})-(\d{4})-(\d{4})\b/g, '$1$2$3').match(/\d+/g) ?? []
  const accountIds = [...new Set(numbers.filter((number) => number.length === 12))]
  const odd = numbers.filter((number) => number.length >= 9 && number.length !== 12)
  if (odd.length > 0) {
    const shown = odd.slice(0, 3).join(', ')
    const many = odd.length > 1
    return {
      accountIds,
      problem: many
        ? `${shown}${odd.length > 3 ? ' …' : ''} do not have 12 digits.`
        : `${shown} has ${odd[0]!.length} digits instead of 12.`,
    }
  }
  if (accountIds.length > MAX_ACCOUNTS)
    return { accountIds, problem: `${accountIds.length} account IDs. The limit is 1,000.` }
  if (pasted.trim() !== '' && accountIds.length === 0)
    return { accountIds, problem: 'No account ID found. An account ID has 12 digits.' }
  return { accountIds }
}
