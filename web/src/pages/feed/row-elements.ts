/** The attribute of rows that j and k move through. The value is the key of the row. */
export const rowAttribute = 'data-row'

/** All rows, including the changes of expanded sets. */
export function rowsOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>(`[${rowAttribute}]`) ?? [])]
}

export function findRow(list: HTMLElement | null, key: string): HTMLElement | null | undefined {
  return list?.querySelector<HTMLElement>(`[${rowAttribute}="${CSS.escape(key)}"]`)
}
