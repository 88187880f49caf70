/** An actor as it is shown in lists. */
interface ListedActor {
  id: string
  name: string
  /** Where its listed changes are. */
  accountIds: readonly string[]
}

/**
 * The label of each actor: its name, and for actors that share a name, what distinguishes them: the
 * accounts, as in `deploy in 111122223333`, or else the ID.
 */
export function actorLabels(actors: readonly ListedActor[]): string[] {
  const sameName = Map.groupBy(actors, ({ name }) => name)
  return actors.map((actor) => {
    const alike = sameName.get(actor.name)!
    if (alike.length === 1) return actor.name
    const accounts = alike.map(accountsOf)
    const areDistinct = new Set(accounts).size === alike.length && !accounts.includes('')
    return areDistinct ? `${actor.name} in ${accountsOf(actor)}` : `${actor.name} (${actor.id})`
  })
}

function accountsOf({ accountIds }: ListedActor): string {
  return [...accountIds].sort().join(', ')
}
