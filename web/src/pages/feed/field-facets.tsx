import { Button, Text, TextInput } from '@mantine/core'
import { memo, useState } from 'react'
import { type FilterField, filterLabels } from '../../../../src/changes/filters.ts'
import { mostWithoutSearch, searchLabel, searchValues } from './facet-search.ts'
import { FacetValue, type OnToggle } from './facet-value.tsx'

/** The display name of a filter value. */
export type LabelOf = (field: FilterField, value: string) => string

const few = 6

/** The values of one field with their counts. A click in another field does not render them again. */
export const FieldFacets = memo(function FieldFacets(props: {
  field: FilterField
  values: { value: string; count: number; label?: string }[]
  included: readonly string[]
  excluded: readonly string[]
  labelOf: LabelOf
  onToggle: OnToggle
}) {
  const { field, included, excluded } = props
  const [isLong, setIsLong] = useState(false)
  const [typed, setTyped] = useState('')
  const counts = new Map(props.values.map(({ value, count }) => [value, count]))
  const labels = new Map(props.values.map(({ value, label }) => [value, label]))
  // Active filters stay in the list, even without matching changes.
  const picked = [...included, ...excluded]
  const all = [...new Set([...counts.keys(), ...picked])]
  // A field with a single value is not useful as a filter.
  if (all.length === 0 || (all.length === 1 && picked.length === 0 && quiet.includes(field))) {
    return null
  }
  const labeled = all.map((value) => ({
    value,
    label: labels.get(value) ?? props.labelOf(field, value),
  }))
  const hasSearch = all.length > mostWithoutSearch
  const isSearching = hasSearch && typed.trim() !== ''
  const listed = labeled.filter(
    ({ value }, index) => isLong || index < few || picked.includes(value),
  )
  const shown = isSearching ? searchValues(labeled, typed) : listed
  return (
    <section aria-label={filterLabels[field]}>
      <Text size="xs" fw={600} mb={2} px={6} component="h2">
        {filterLabels[field]}
      </Text>
      {hasSearch && (
        <TextInput
          size="xs"
          mb={4}
          type="search"
          aria-label={searchLabel(filterLabels[field])}
          placeholder={searchLabel(filterLabels[field])}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      {isSearching && shown.length === 0 && (
        <Text size="xs" c="dimmed" px={6}>
          No listed value matches.
        </Text>
      )}
      {shown.map(({ value, label }) => (
        <FacetValue
          key={value}
          field={field}
          value={value}
          label={label}
          count={counts.get(value) ?? 0}
          isIncluded={included.includes(value)}
          isExcluded={excluded.includes(value)}
          onToggle={props.onToggle}
        />
      ))}
      {all.length > few && !isSearching && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          aria-expanded={isLong}
          onClick={() => setIsLong((was) => !was)}
        >
          {isLong ? 'Show less' : `${all.length - few} more`}
        </Button>
      )}
    </section>
  )
})

const quiet: FilterField[] = ['source', 'connection', 'account']
