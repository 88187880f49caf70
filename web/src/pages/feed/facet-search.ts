import { visible } from '../../components/json.ts'

/** A facet with more values than this has a search box. */
export const mostWithoutSearch = 8

/** The value as listed, and as filters contain it. */
interface Labeled {
  value: string
  label: string
}

/** The values whose label or value contains the text, regardless of case. */
export function searchValues<T extends Labeled>(values: readonly T[], text: string): T[] {
  const wanted = text.trim().toLowerCase()
  return values.filter(({ value, label }) =>
    [value, label].some((one) => one.toLowerCase().includes(wanted)),
  )
}

/** `Filter service`, `Filter source IP`. */
export function searchLabel(field: string): string {
  const isAbbreviation = /^\p{Lu}{2}/u.test(field)
  return `Filter ${isAbbreviation ? field : field.charAt(0).toLowerCase() + field.slice(1)}`
}

/** The label in full, with the value where it is different. */
export function fullValue({ value, label }: Labeled): string {
  return visible(label === value ? value : `${label} (${value})`)
}
