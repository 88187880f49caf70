import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconAdjustmentsHorizontal, IconKeyboard, IconRefresh } from '@tabler/icons-react'
import type { RefObject } from 'react'
import { ExportMenu } from './export-menu.tsx'
import classes from './feed.module.css'
import { RangePicker } from './range-picker.tsx'
import { type FeedSearch, withoutRange } from './search.ts'
import { SearchBox } from './search-box.tsx'
import type { FeedData } from './use-feed-data.ts'
import { ViewsMenu } from './views-menu.tsx'

/** The time range, the search, and the buttons beside them. */
export function Toolbar(props: {
  search: FeedSearch
  data: FeedData
  searchBox: RefObject<HTMLInputElement | null>
  isRefreshing: boolean
  /** Whether the open change takes the place of the filters. */
  areFiltersHidden: boolean
  onChange: (search: FeedSearch) => void
  onFilters: () => void
  onRefresh: () => void
  onHelp: () => void
}) {
  const { search, onChange } = props
  return (
    <div className={`${classes.toolbar} not-printed`}>
      <div className={classes.tools}>
        <div className={classes.ranges}>
          <RangePicker
            search={search}
            window={props.data.window}
            onChoose={(range) => onChange({ ...withoutRange(search), ...range })}
          />
        </div>
        <div className={classes.actions}>
          <SearchBox
            ref={props.searchBox}
            value={search.q ?? ''}
            onChange={(q) => onChange({ ...search, q: q === '' ? undefined : q })}
          />
          <Button
            className={classes.filters}
            flex="none"
            hiddenFrom={props.areFiltersHidden ? undefined : 'md'}
            size="xs"
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
            onClick={props.onFilters}
          >
            Filters
          </Button>
          <ViewsMenu search={search} onChange={onChange} />
          <ExportMenu search={search} data={props.data} />
          <Tooltip label="Refresh" withArrow>
            <ActionIcon
              variant="default"
              size={30}
              aria-label="Refresh"
              onClick={props.onRefresh}
              loading={props.isRefreshing}
            >
              <IconRefresh size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Keyboard shortcuts (?)" withArrow>
            <ActionIcon
              variant="default"
              size={30}
              aria-label="Keyboard shortcuts"
              visibleFrom="sm"
              onClick={props.onHelp}
            >
              <IconKeyboard size={16} />
            </ActionIcon>
          </Tooltip>
        </div>
      </div>
    </div>
  )
}
