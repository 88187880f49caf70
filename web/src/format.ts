/** `1,204`. */
export function number(value: number): string {
  return value.toLocaleString('en')
}

/** `1 change`, `1,204 changes`, `2 deliveries`, `3 days`. */
export function counted(count: number, one: string): string {
  const many = /[^aeiou]y$/.test(one) ? `${one.slice(0, -1)}ies` : `${one}s`
  return `${number(count)} ${count === 1 ? one : many}`
}
