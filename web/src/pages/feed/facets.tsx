import { SegmentedControl, Skeleton, Stack, Switch, Text } from '@mantine/core'
import { useCallback, useRef } from 'react'
import {
  type FacetField,
  type FilterField,
  facetFields,
  filterFields,
  newestFacetFields,
} from '../../../../src/changes/filters.ts'
import type { Facets as Data } from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { number } from '../../format.ts'
import { formatTime, useZone } from '../../time.tsx'
import type { OnToggle } from './facet-value.tsx'
import { FieldFacets, type LabelOf } from './field-facets.tsx'
import { MoreFacets } from './more-facets.tsx'
import { type ChangeQuery, type FeedSearch, toggle, valuesOf } from './search.ts'

type OnChange = (search: FeedSearch) => void

const isNewestFacet = (field: FilterField): boolean =>
  newestFacetFields.some((one) => one === field)

const noValues: Data['fields'][FacetField] = []

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
  query: ChangeQuery
  asOf: number
  labelOf: LabelOf
  onChange: OnChange
}) {
  const { data, search, labelOf, onChange } = props
  const [zone] = useZone()
  const latest = useRef(search)
  latest.current = search
  const onToggle = useCallback<OnToggle>(
    (field, value, how) => onChange(toggle(latest.current, field, value, how)),
    [onChange],
  )
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
        filterFields
          .filter((field) => !isNewestFacet(field))
          .map((field) => (
            <FieldFacets
              key={field}
              field={field}
              values={isFacet(field) ? data.fields[field] : noValues}
              included={valuesOf(search, field, 'include')}
              excluded={valuesOf(search, field, 'exclude')}
              labelOf={labelOf}
              onToggle={onToggle}
            />
          ))}
      {data && <MoreFacets {...props} onToggle={onToggle} />}
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
  onChange: OnChange
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
            open: undefined,
            at: undefined,
          })
        }
        data={[
          { value: 'sets', label: 'Change sets' },
          { value: 'changes', label: 'Changes' },
        ]}
      />
      <Switch
        size="xs"
        label={`Routine changes${routine ? ` (${number(routine)})` : ''}`}
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
