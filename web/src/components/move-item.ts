/** The items with one of them at a new position, in the server's order. */
export function moveItem<Item extends { id: string }>(
  items: readonly Item[],
  id: string,
  position: number,
): Item[] {
  const item = items.find((each) => each.id === id)
  if (!item) return [...items]
  return items.filter((each) => each !== item).toSpliced(position, 0, item)
}
