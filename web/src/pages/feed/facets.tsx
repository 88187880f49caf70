import {
  ActionIcon,
  Button,
  SegmentedControl,
  Skeleton,
  Stack,
  Switch,
  Text,
  TextInput,
  Tooltip,
  UnstyledButton,
} from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import { useState } from 'react'
import {
  type FacetField,
  type FilterField,
  facetFields,
  filterFields,
  filterLabels,
} from '../../../../src/changes/filters.ts'
import type { Facets as Data } from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { formatTime, useZone } from '../../time.tsx'
import { cut } from './entries.ts'
import { fullValue, mostWithoutSearch, searchLabel, searchValues } from './facet-search.ts'
import classes from './feed.module.css'
import { type FeedSearch, toggle, valuesOf } from './search.ts'

/** The display name of a filter value. */
export type LabelOf = (field: FilterField, value: string) => string

type Change = (search: FeedSearch) => void

const few = 6

const isFacet = (field: FilterField): field is FacetField =>
  facetFields.some((one) => one === field)

/**
 * The values of each field with their counts. A click includes a value; its minus button, or Alt,
 * excludes it.
 */
export function Facets(props: {
  data: Data | undefined
  isLoading: boolean
  error: unknown
  retry: () => void
  search: FeedSearch
  labelOf: LabelOf
  onChange: Change
}) {
  const { data } = props
  const [zone] = useZone()
  return (
    <Stack gap="md">
      <Switches {...props} />
      {data?.partial && (
        <Text size="xs" c="dimmed">
          Counts since {formatTime(data.countedFrom, zone)}. The time range is too long to count in
          full.
        </Text>
      )}
      {!data && props.isLoading && <Skeleton height={320} />}
      {!data && props.error !== null && <ErrorState error={props.error} retry={props.retry} />}
      {data &&
        filterFields.map((field) => (
          <FieldFacets
            key={field}
            {...props}
            field={field}
            values={isFacet(field) ? data.fields[field] : []}
          />
        ))}
    </Stack>
  )
}

function Switches({
  data,
  search,
  onChange,
}: {
  data: Data | undefined
  search: FeedSearch
  onChange: Change
}) {
  const routine = data && data.noise.hidden + data.noise.shown
  return (
    <Stack gap="xs">
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="List"
        value={search.view ?? 'sets'}
        onChange={(value) =>
          onChange({
            ...search,
            view: value === 'changes' ? 'changes' : undefined,
            ...{ open: undefined, at: undefined },
          })
        }
        data={[
          { value: 'sets', label: 'Change sets' },
          { value: 'changes', label: 'Changes' },
        ]}
      />
      <Switch
        size="xs"
        label={`Routine changes${routine ? ` (${routine.toLocaleString('en')})` : ''}`}
        checked={search.noise !== undefined}
        onChange={(event) =>
          onChange({ ...search, noise: event.currentTarget.checked ? 'shown' : undefined })
        }
      />
      <Switch
        size="xs"
        label="Failed and denied"
        checked={search.failures === undefined}
        onChange={(event) =>
          onChange({ ...search, failures: event.currentTarget.checked ? undefined : 'hidden' })
        }
      />
    </Stack>
  )
}

function FieldFacets(props: {
  field: FilterField
  values: { value: string; count: number; label?: string }[]
  search: FeedSearch
  labelOf: LabelOf
  onChange: Change
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
                event.altKey ? exclude() : props.onChange(toggle(search, field, value, 'include'))
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
