import {
  ActionIcon,
  Box,
  Button,
  Drawer,
  Group,
  Kbd,
  Modal,
  Stack,
  Switch,
  Table,
  Text,
  TextInput,
  Title,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core'
import { useDebouncedCallback, useDisclosure, useLocalStorage } from '@mantine/hooks'
import {
  IconAdjustmentsHorizontal,
  IconArrowUp,
  IconKeyboard,
  IconPlugConnected,
  IconRefresh,
  IconSearch,
  IconX,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Change, ChangeSet } from '../../client.ts'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { onVisibility } from '../../live.ts'
import { serverNow, useNow, useZone } from '../../time.tsx'
import { counted } from '../../words.ts'
import { connectionsQuery } from '../connections/queries.ts'
import { AsOf, Completeness } from './completeness.tsx'
import { toEntries } from './entries.ts'
import { Chips, Facets, type LabelOf } from './facets.tsx'
import classes from './feed.module.css'
import { Histogram } from './histogram.tsx'
import { commandOf, keyHelp, step } from './keys.ts'
import { askedFor, question } from './labels.ts'
import { asOfFor, lastFeed, OLD_MS } from './last-feed.ts'
import { useFacets, useFeed, useHistogram, useNews } from './queries.ts'
import { RangePicker } from './range-picker.tsx'
import { RowSkeletons, Rows, rowAttribute } from './rows.tsx'
import {
  chosen,
  type FeedSearch,
  toQuery,
  windowOf,
  withoutFilters,
  withoutRange,
  zoomInto,
  zoomOut,
} from './search.ts'

const route = getRouteApi('/app/')

/** Days begin at one of these in every zone. */
const QUARTER_MS = 15 * 60_000

/** What changed, now or before a given time. */
export function FeedPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [zone] = useZone()
  const [asOf, setAsOf] = useState(() => {
    lastFeed.asOf = asOfFor(lastFeed, search.at !== undefined, serverNow())
    return lastFeed.asOf
  })
  const today = useNow(QUARTER_MS)
  const look = useCallback(() => {
    lastFeed.asOf = serverNow()
    setAsOf(lastFeed.asOf)
  }, [])
  useEffect(() => {
    lastFeed.look = look
    return () => {
      lastFeed.look = () => {}
      lastFeed.leftAt = serverNow()
    }
  }, [look])
  useEffect(() => {
    let hiddenAt = serverNow()
    return onVisibility(() => {
      if (document.hidden) hiddenAt = serverNow()
      else if (serverNow() - hiddenAt > OLD_MS) look()
    })
  }, [look])

  useEffect(() => {
    lastFeed.search = search
  }, [search])

  const view = search.view ?? 'sets'
  // What is selected or unfolded makes no other list.
  const { at: _, open: __, ...asked } = search
  const askedKey = JSON.stringify(asked)
  // biome-ignore lint/correctness/useExhaustiveDependencies: askedKey is what asked says
  const window_ = useMemo(() => windowOf(asked, asOf), [askedKey, asOf])
  // biome-ignore lint/correctness/useExhaustiveDependencies: askedKey is what asked says
  const query = useMemo(() => toQuery(asked, window_), [askedKey, window_])

  const feed = useFeed(view, query, asOf)
  const histogram = useHistogram(query, asOf)
  const facets = useFacets(query, asOf)
  const connections = useQuery(connectionsQuery)
  const environments = useEnvironments()
  const entries = useMemo(
    () =>
      feed.data &&
      toEntries(feed.data.pages.flatMap((page) => page.items as (Change | ChangeSet)[])),
    [feed.data],
  )
  const { count: newCount, isMore } = useNews(view, query, entries, asOf)

  const looks = useMemo(
    () => ({
      environments: new Map(environments.data?.map((one) => [one.id, one]) ?? []),
      accounts: new Map(
        connections.data?.map(({ accountId, name }) => [accountId ?? '', name]) ?? [],
      ),
      connections: new Map(connections.data?.map(({ id, name }) => [id, name]) ?? []),
    }),
    [environments.data, connections.data],
  )
  const labelOf = useCallback<LabelOf>(
    (field, value) => {
      if (field === 'environment') return looks.environments.get(value)?.name ?? value
      if (field === 'connection') return looks.connections.get(value) ?? value
      if (field === 'outcome') return value.charAt(0).toUpperCase() + value.slice(1)
      if (field === 'changeSet') return 'selected'
      return value
    },
    [looks],
  )

  /** Goes to another list; the row that was selected in this one says nothing there. */
  const change = useCallback(
    (next: FeedSearch) => {
      look()
      void navigate({ search: { ...next, at: undefined, open: undefined }, resetScroll: false })
    },
    [navigate, look],
  )
  /** Says of this list where the reader is in it. */
  const latest = useRef(search)
  latest.current = search
  const mark = useCallback(
    (marks: Pick<FeedSearch, 'at' | 'open'>) => {
      latest.current = { ...latest.current, ...marks }
      void navigate({ search: latest.current, replace: true, resetScroll: false })
    },
    [navigate],
  )
  const [selected, setSelected] = useState(search.at)
  const remember = useDebouncedCallback((at: string) => mark({ at }), 250)
  const select = useCallback(
    (key: string) => {
      setSelected(key)
      remember(key)
    },
    [remember],
  )
  const open = useMemo(() => new Set(search.open), [search.open])
  const fold = useCallback(
    (id: string) => {
      const { open: before = [] } = latest.current
      const others = before.filter((one) => one !== id)
      const next = others.length === before.length ? [...others, id].slice(-20) : others
      remember.cancel()
      mark({ at: id, open: next.length > 0 ? next : undefined })
    },
    [mark, remember],
  )

  const searchBox = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const focusList = () => list.current?.focus()
  const [isHelpOpen, help] = useDisclosure()
  const [areLettersOff, setLettersOff] = useLocalStorage({
    key: 'cairn-letter-keys-off',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
  const [areFiltersOpen, filters] = useDisclosure()
  const zoomedOut = search.out === undefined ? undefined : () => change(zoomOut(search))
  const showNew = () => {
    look()
    setSelected(undefined)
    window.scrollTo({ top: 0 })
    focusList()
  }

  // An empty page has no reader whom it would disturb.
  const isEmptyWithNews = entries?.length === 0 && newCount > 0
  useEffect(() => {
    if (isEmptyWithNews) look()
  }, [isEmptyWithNews, look])

  const onKey = useRef<(event: KeyboardEvent) => void>(undefined)
  onKey.current = (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body
    const command = commandOf({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      isTyping: target.matches('input:not([type=radio], [type=checkbox]), textarea, select'),
      isElsewhere: target.closest('[role=dialog], [role=menu], [role=listbox]') !== null,
      areLettersOff,
    })
    if (command === undefined) return
    const rows = [...(list.current?.querySelectorAll<HTMLElement>(`[${rowAttribute}]`) ?? [])]
    const current = rows.indexOf(document.activeElement as HTMLElement)
    const selectedRow = rows.findIndex((row) => row.tabIndex === 0 && row.dataset.selected)
    const key = rows[current]?.getAttribute(rowAttribute)
    const setId = key?.split('/')[0]
    const isSet =
      setId !== undefined && entries?.some((one) => one.id === setId && one.kind === 'set')
    event.preventDefault()
    if (command === 'search') searchBox.current?.focus()
    else if (command === 'help') help.open()
    else if (command === 'new') newCount > 0 && showNew()
    else if (command === 'fold') isSet && foldAt(setId)
    else if (command === 'escape') {
      if (isSet && open.has(setId)) foldAt(setId)
      else if (zoomedOut) zoomedOut()
      else if (search.q !== undefined) change({ ...search, q: undefined })
      else if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    } else {
      // The first step goes to the row that was left.
      const from = current >= 0 ? current : command === 'next' ? selectedRow - 1 : selectedRow + 1
      const to = selectedRow < 0 && current < 0 ? 0 : step(from, command, rows.length)
      rows[to]?.focus()
      rows[to]?.scrollIntoView({ block: 'nearest' })
      if (to === rows.length - 1 && feed.hasNextPage && !feed.isFetchingNextPage) {
        void feed.fetchNextPage()
      }
    }
  }
  /** The row that had the focus may be gone: its set takes it. */
  const foldAt = (id: string) => {
    list.current?.querySelector<HTMLElement>(`[${rowAttribute}="${CSS.escape(id)}"]`)?.focus()
    fold(id)
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey.current?.(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])

  // Back from a change: the row that led there has the focus again.
  const isBack = useRef(search.at !== undefined)
  useEffect(() => {
    if (!isBack.current || !entries) return
    isBack.current = false
    const row = list.current?.querySelector<HTMLElement>(
      `[${rowAttribute}="${CSS.escape(search.at ?? '')}"]`,
    )
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  }, [entries, search.at])

  // The button goes with the last page: what it brought has the focus after it.
  const shownBefore = useRef<number>(undefined)
  const showMore = () => {
    shownBefore.current = entries?.length
    void feed.fetchNextPage()
  }
  useEffect(() => {
    const first = entries?.[shownBefore.current ?? Number.POSITIVE_INFINITY]
    if (!first) return
    shownBefore.current = undefined
    list.current?.querySelector<HTMLElement>(`[${rowAttribute}="${CSS.escape(first.id)}"]`)?.focus()
  }, [entries])

  const picture = feed.data?.pages[0]
  // Where something was looked for, that is what was not found.
  const hasNoConnection =
    connections.data?.length === 0 && entries?.length === 0 && !isFiltered(search)
  const facetList = (
    <Facets
      data={facets.data}
      isLoading={facets.isPending}
      error={facets.error}
      retry={() => facets.refetch()}
      search={search}
      labelOf={labelOf}
      onChange={change}
    />
  )
  return (
    <Stack gap="md">
      <title>Changes · Cairn</title>
      <Group justify="space-between" align="flex-end" gap="xs">
        <Title order={1} size="h2">
          {question(search, zone, today)}
        </Title>
        <Group gap="xs">
          <AsOf at={asOf} />
          {picture && connections.data && (
            <Completeness
              imported={picture}
              connections={askedFor(connections.data, search)}
              window={window_}
            />
          )}
        </Group>
      </Group>
      <Group gap="xs">
        <RangePicker
          search={search}
          window={window_}
          onChoose={(range) => change({ ...withoutRange(search), ...range })}
        />
        <SearchBox
          ref={searchBox}
          value={search.q ?? ''}
          onChange={(q) => change({ ...search, q: q === '' ? undefined : q })}
        />
        <Group gap={4} wrap="nowrap">
          <Button
            hiddenFrom="md"
            size="xs"
            variant="default"
            leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
            onClick={filters.open}
          >
            Filters
          </Button>
          <Tooltip label="Refresh" withArrow>
            <ActionIcon
              variant="default"
              size={30}
              aria-label="Refresh"
              onClick={showNew}
              loading={feed.isFetching && !feed.isFetchingNextPage}
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
              onClick={help.open}
            >
              <IconKeyboard size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <div className={classes.page}>
        <Box component="section" visibleFrom="md" className={classes.aside} aria-label="Filters">
          {facetList}
        </Box>
        <Stack gap="sm" miw={0}>
          <Chips search={search} labelOf={labelOf} onChange={change} onGone={focusList} />
          <div>
            {histogram.isError ? (
              <ErrorState error={histogram.error} retry={() => histogram.refetch()} />
            ) : (
              // A newcomer has nothing to miss.
              !hasNoConnection && (
                <Histogram
                  data={histogram.data}
                  isLoading={histogram.isPending}
                  onZoom={(from, to) => change(zoomInto(search, from, to, asOf))}
                  onZoomOut={zoomedOut}
                />
              )
            )}
            <VisuallyHidden role="status">
              {newCount > 0 && 'New changes are available.'}
            </VisuallyHidden>
            <div className={classes.newBar}>
              {newCount > 0 && (
                <Button
                  fullWidth
                  size="xs"
                  leftSection={<IconArrowUp size={14} aria-hidden />}
                  onClick={showNew}
                >
                  Show {counted(newCount, isMore ? 'or more new change' : 'new change')}
                </Button>
              )}
            </div>
          </div>
          <div ref={list} tabIndex={-1} style={{ outline: 'none' }} aria-busy={feed.isPending}>
            {feed.isPending && <RowSkeletons count={10} />}
            {feed.isError && !feed.isFetchNextPageError && (
              <ErrorState error={feed.error} retry={() => feed.refetch()} />
            )}
            {entries && entries.length > 0 && (
              <Rows
                entries={entries}
                query={query}
                open={open}
                onFold={fold}
                selected={selected}
                onSelect={select}
                onLeave={remember.flush}
                now={today}
                search={search}
                window={window_}
                accounts={looks.accounts}
              />
            )}
            {hasNoConnection && <NothingConnected />}
            {entries?.length === 0 && !hasNoConnection && (
              <NothingFound
                search={search}
                hidden={facets.data?.noise.hidden ?? 0}
                isImporting={
                  connections.data?.some(({ status }) => status === 'importing') ?? false
                }
                onChange={change}
              />
            )}
            {feed.isFetchNextPageError && <ErrorState error={feed.error} retry={showMore} />}
            {feed.hasNextPage && !feed.isFetchNextPageError && (
              <Button
                mt="sm"
                fullWidth
                variant="default"
                loading={feed.isFetchingNextPage}
                onClick={showMore}
              >
                Show more
              </Button>
            )}
          </div>
        </Stack>
      </div>
      <Drawer opened={areFiltersOpen} onClose={filters.close} title="Filters" size="sm">
        {facetList}
      </Drawer>
      <Keys
        isOpen={isHelpOpen}
        onClose={help.close}
        areLettersOff={areLettersOff}
        onLettersOff={setLettersOff}
      />
    </Stack>
  )
}

function SearchBox({
  ref,
  value,
  onChange,
}: {
  ref: React.RefObject<HTMLInputElement | null>
  value: string
  onChange: (q: string) => void
}) {
  const [text, setText] = useState(value)
  const [was, setWas] = useState(value)
  // The address changed by other means: back, a chip, a link.
  if (was !== value) {
    setWas(value)
    if (text.trim() !== value) setText(value)
  }
  const later = useDebouncedCallback((next: string) => onChange(next), 350)
  const clear = () => {
    later.cancel()
    setText('')
    if (value !== '') onChange('')
  }
  return (
    <TextInput
      ref={ref}
      size="xs"
      flex={1}
      miw={180}
      type="search"
      aria-label="Search changes"
      placeholder="Search changes"
      leftSection={<IconSearch size={14} aria-hidden />}
      rightSection={
        text === '' ? (
          <Kbd size="xs" visibleFrom="sm">
            /
          </Kbd>
        ) : (
          <ActionIcon variant="subtle" color="gray" size={24} aria-label="Clear" onClick={clear}>
            <IconX size={14} />
          </ActionIcon>
        )
      }
      maxLength={500}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        later(currentTarget.value.trim())
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') later.flush()
        if (event.key !== 'Escape') return
        clear()
        event.currentTarget.blur()
      }}
    />
  )
}

function NothingConnected() {
  return (
    <EmptyState
      icon={<IconPlugConnected size={40} aria-hidden />}
      title="Connect an AWS account to see its changes"
      action={
        <Button component={Link} to="/integrations" mt="xs">
          View integrations
        </Button>
      }
    >
      Changes from the last hour appear within seconds, then those of the last days. You share no
      credentials.
    </EmptyState>
  )
}

const isFiltered = (search: FeedSearch) =>
  chosen(search).length > 0 || search.q !== undefined || search.failures !== undefined

function NothingFound(props: {
  search: FeedSearch
  hidden: number
  isImporting: boolean
  onChange: (search: FeedSearch) => void
}) {
  const { search, onChange } = props
  const isNarrow = isFiltered(search)
  const isShort = search.range !== '7d'
  return (
    <EmptyState
      title={isNarrow ? 'No matching changes' : 'No changes'}
      action={
        <Group gap="xs" justify="center" mt="xs">
          {search.noise === undefined && props.hidden > 0 && (
            <Button variant="default" onClick={() => onChange({ ...search, noise: 'shown' })}>
              Show {counted(props.hidden, 'routine change')}
            </Button>
          )}
          {isNarrow && (
            <Button
              variant="default"
              onClick={() => onChange({ ...withoutFilters(search), noise: search.noise })}
            >
              Clear filters
            </Button>
          )}
          {isShort && (
            <Button
              variant="default"
              onClick={() => onChange({ ...withoutRange(search), range: '7d' })}
            >
              Show last 7 days
            </Button>
          )}
        </Group>
      }
    >
      {isNarrow
        ? 'No changes in this time range match the filters.'
        : props.isImporting
          ? 'An account is importing, newest changes first. Changes appear here automatically.'
          : 'No changes in this time range. CloudTrail delivers events about 10 minutes late.'}
    </EmptyState>
  )
}

function Keys(props: {
  isOpen: boolean
  onClose: () => void
  areLettersOff: boolean
  onLettersOff: (are: boolean) => void
}) {
  return (
    <Modal opened={props.isOpen} onClose={props.onClose} title="Keyboard shortcuts">
      <Switch
        mb="sm"
        label="Single-key shortcuts"
        description="Turn off if you use voice input."
        checked={!props.areLettersOff}
        onChange={(event) => props.onLettersOff(!event.currentTarget.checked)}
      />
      <Table>
        <Table.Tbody>
          {keyHelp.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td>
                <Group gap={4}>
                  {keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>
                <Text size="sm">{what}</Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
