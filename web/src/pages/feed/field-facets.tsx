import { ActionIcon, Button, Text, TextInput, Tooltip, UnstyledButton } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { useState } from 'react'
import { type FilterField, filterLabels, filterOf } from '../../../../src/changes/filters.ts'
import { cut } from './entries.ts'
import { fullValue, mostWithoutSearch, searchLabel, searchValues } from './facet-search.ts'
import classes from './feed.module.css'
import { type FeedSearch, toggle, valuesOf } from './search.ts'

/** The display name of a filter value. */
export type LabelOf = (field: FilterField, value: string) => string

const few = 6

/** The values of one field with their counts. */
export function FieldFacets(props: {
  field: FilterField
  values: { value: string; count: number; label?: string }[]
  search: FeedSearch
  labelOf: LabelOf
  onChange: (search: FeedSearch) => void
}) {
  const { field, search } = props
  const [isLong, setIsLong] = useState(false)
  const [typed, setTyped] = useState('')
  const counts = new Map(props.values.map(({ value, count }) => [value, count]))
  const labels = new Map(props.values.map(({ value, label }) => [value, label]))
  // Active filters stay in the list, even without matching changes.
  const picked = [...valuesOf(search, field, 'include'), ...valuesOf(search, field, 'exclude')]
  const all = [...new Set([...counts.keys(), ...picked])]
  // A field with a single value is not useful as a filter.
  if (all.length === 0 || (all.length === 1 && picked.length === 0 && quiet.includes(field))) {
    return null
  }
  const labelled = all.map((value) => ({
    value,
    label: labels.get(value) ?? props.labelOf(field, value),
  }))
  const hasSearch = all.length > mostWithoutSearch
  const isSearching = hasSearch && typed.trim() !== ''
  const listed = labelled.filter(
    ({ value }, index) => isLong || index < few || picked.includes(value),
  )
  const shown = isSearching ? searchValues(labelled, typed) : listed
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
      {shown.map(({ value, label }) => {
        const isIn = valuesOf(search, field, 'include').includes(value)
        const isOut = valuesOf(search, field, 'exclude').includes(value)
        const exclude = () => props.onChange(toggle(search, field, value, 'exclude'))
        return (
          <div key={value} className={classes.facet}>
            <UnstyledButton
              className={classes.facetValue}
              aria-pressed={isIn}
              title={fullValue({ value, label })}
              onClick={(event) =>
                event.altKey && filterOf(field).negatable
                  ? exclude()
                  : props.onChange(toggle(search, field, value, 'include'))
              }
            >
              {isIn && <IconCheck size={14} aria-hidden />}
              <bdi className={`${classes.facetName} ${isOut ? classes.out : ''}`}>
                {cut(label, 120)}
              </bdi>
              <span className={classes.facetCount}>
                {(counts.get(value) ?? 0).toLocaleString('en')}
              </span>
            </UnstyledButton>
            {filterOf(field).negatable && (
              <Tooltip label={isOut ? 'Remove exclusion' : 'Exclude'} withArrow openDelay={400}>
                <ActionIcon
                  variant={isOut ? 'light' : 'subtle'}
                  color={isOut ? 'red' : 'gray'}
                  size={24}
                  aria-pressed={isOut}
                  aria-label={`Exclude ${cut(label, 80)}`}
                  onClick={exclude}
                >
                  <IconMinus size={14} aria-hidden />
                </ActionIcon>
              </Tooltip>
            )}
          </div>
        )
      })}
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
}

const quiet: FilterField[] = ['source', 'connection', 'account']
