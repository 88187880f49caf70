import { Button, Group, Loader, Menu } from '@mantine/core'
import { IconBookmark, IconPlus, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type MouseEvent, Suspense, useState } from 'react'
import { toApiError } from '../../api.ts'
import { listViews, type SavedView } from '../../client.ts'
import { lazyPart } from '../../lazy-part.ts'
import { applyView } from './saved-view.ts'
import type { FeedSearch } from './search.ts'

const SaveView = lazyPart(() => import('./save-view.tsx'), 'SaveView')
const DeleteView = lazyPart(() => import('./delete-view.tsx'), 'DeleteView')

/** Applies, saves and deletes views of the feed. */
export function ViewsMenu(props: { search: FeedSearch; onChange: (search: FeedSearch) => void }) {
  const [opened, setOpened] = useState(false)
  const [isSaving, setSaving] = useState(false)
  const [deleted, setDeleted] = useState<SavedView | null>(null)
  const views = useQuery({
    queryKey: ['views'],
    queryFn: ({ signal }) => listViews({ signal }),
    enabled: opened,
  })
  const items = views.data?.items ?? []
  const groups: [label: string, views: SavedView[]][] = [
    ['Built in', items.filter((view) => view.isBuiltIn)],
    ['Shared', items.filter((view) => view.shared && !view.isBuiltIn)],
    ['Only you', items.filter((view) => !view.shared)],
  ]
  return (
    <>
      <Menu opened={opened} onChange={setOpened} position="bottom-start" width={300} shadow="md">
        <Menu.Target>
          <Button
            className="icon-on-phone"
            flex="none"
            size="xs"
            variant="default"
            leftSection={<IconBookmark size={16} aria-hidden />}
          >
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
          {views.isError && <LoadAgain error={views.error} retry={() => void views.refetch()} />}
          {views.isPending && (
            <Menu.Item disabled leftSection={<Loader size="xs" aria-hidden />}>
              Loading views
            </Menu.Item>
          )}
          {groups.map(
            ([label, list]) =>
              list.length > 0 && (
                // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
                <div key={label} role="group" aria-label={label}>
                  <Menu.Label>{label}</Menu.Label>
                  {list.map((view) => (
                    <Group key={view.id} gap={0} wrap="nowrap">
                      <Menu.Item
                        miw={0}
                        style={{ overflowWrap: 'anywhere' }}
                        onClick={() => props.onChange(applyView(props.search, view.query))}
                      >
                        <bdi>{view.name}</bdi>
                      </Menu.Item>
                      {view.canChange && (
                        <Menu.Item
                          w="auto"
                          aria-label={`Delete the view ${view.name}`}
                          onClick={() => setDeleted(view)}
                        >
                          <IconTrash size={16} aria-hidden />
                        </Menu.Item>
                      )}
                    </Group>
                  ))}
                </div>
              ),
          )}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => setSaving(true)}
          >
            Save this view…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {isSaving && <SaveView search={props.search} onClose={() => setSaving(false)} />}
        {deleted && <DeleteView view={deleted} onClose={() => setDeleted(null)} />}
      </Suspense>
    </>
  )
}

/** An error in a menu, which contains only items. */
function LoadAgain({ error, retry }: { error: unknown; retry: () => void }) {
  const { title, detail } = toApiError(error)
  return (
    <Menu.Item
      closeMenuOnClick={false}
      onClick={({ currentTarget }: MouseEvent<HTMLElement>) => {
        // This item disappears. Without the focus, the menu does not handle its keys.
        currentTarget.closest<HTMLElement>('[role=menu]')?.focus()
        retry()
      }}
    >
      <b>{title}</b>
      <br />
      {detail}
      <br />
      Retry
    </Menu.Item>
  )
}
