/** The same rows with one of them at another place, as the server will order them. */
export function moveItem<Item extends { id: string }>(
  items: readonly Item[],
  id: string,
  position: number,
): Item[] {
  const item = items.find((each) => each.id === id)
  if (!item) return [...items]
  return items.filter((each) => each !== item).toSpliced(position, 0, item)
}
