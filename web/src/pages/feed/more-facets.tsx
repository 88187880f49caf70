import { Button, Collapse, Skeleton, Stack, Text } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useId, useState } from 'react'
import { newestFacetFields } from '../../../../src/changes/filters.ts'
import { ErrorState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import type { OnToggle } from './facet-value.tsx'
import { FieldFacets, type LabelOf } from './field-facets.tsx'
import { useNewestFacets } from './queries.ts'
import { type ChangeQuery, chosen, type FeedSearch, valuesOf } from './search.ts'

/**
 * The filters that are used less: collapsed unless one of them is active. Their values are counted
 * among the newest changes, when this is expanded.
 */
export function MoreFacets(props: {
  search: FeedSearch
  query: ChangeQuery
  asOf: number
  labelOf: LabelOf
  onToggle: OnToggle
}) {
  const isActive = chosen(props.search).some(({ field }) =>
    newestFacetFields.some((one) => one === field),
  )
  const [isOpen, setOpen] = useState(isActive)
  const facets = useNewestFacets(props.query, props.asOf, isOpen)
  const { data } = facets
  const id = useId()
  const isEmpty = data && newestFacetFields.every((field) => data.fields[field].length === 0)
  return (
    <Stack gap="sm">
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        justify="flex-start"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
        leftSection={
          <IconChevronRight
            size={14}
            aria-hidden
            style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
          />
        }
      >
        More filters
      </Button>
      <Collapse id={id} expanded={isOpen}>
        <Stack gap="md">
          {facets.isPending && isOpen && <Skeleton height={160} />}
          {facets.isError && <ErrorState error={facets.error} retry={() => facets.refetch()} />}
          {data?.partial && (
            <Text size="xs" c="dimmed" px={6}>
              Counts of the newest {counted(data.counted, 'change')}.
            </Text>
          )}
          {isEmpty && !isActive && (
            <Text size="xs" c="dimmed" px={6}>
              No values in this list.
            </Text>
          )}
          {data &&
            newestFacetFields.map((field) => (
              <FieldFacets
                key={field}
                field={field}
                values={data.fields[field]}
                included={valuesOf(props.search, field, 'include')}
                excluded={valuesOf(props.search, field, 'exclude')}
                labelOf={props.labelOf}
                onToggle={props.onToggle}
              />
            ))}
        </Stack>
      </Collapse>
    </Stack>
  )
}
