import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconDownload } from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import { exportPath, toMarkdown, toPlainText, withAbsoluteTimes } from './export.ts'
import type { FeedSearch } from './search.ts'
import type { FeedData } from './use-feed-data.ts'

/** Downloads all matching changes, or copies the loaded rows or a link to them. */
export function ExportMenu({ search, data }: { search: FeedSearch; data: FeedData }) {
  const router = useRouter()
  const { window, entries = [], feed } = data
  const rows = { entries, hasMore: feed.hasNextPage, window }
  const hasNoRows = entries.length === 0
  const copyLink = () => {
    const { href } = router.buildLocation({ to: '/', search: withAbsoluteTimes(search, window) })
    return copy(new URL(href, location.origin).href)
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          className="icon-on-phone"
          flex="none"
          size="xs"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={exportPath('csv', search, window)} download>
          Download CSV
        </Menu.Item>
        <Menu.Item component="a" href={exportPath('ndjson', search, window)} download>
          Download NDJSON
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item disabled={hasNoRows} onClick={() => copy(toPlainText(rows))}>
          Copy as text
        </Menu.Item>
        <Menu.Item disabled={hasNoRows} onClick={() => copy(toMarkdown(rows))}>
          Copy as Markdown
        </Menu.Item>
        <Menu.Item onClick={copyLink}>Copy link with absolute times</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The menu closes on a click, so a notification shows the result. */
async function copy(text: string): Promise<void> {
  const id = 'export-copy'
  notifications.hide(id)
  try {
    await navigator.clipboard.writeText(text)
    notifications.show({ id, color: 'teal', message: 'Copied' })
  } catch {
    notifications.show({
      id,
      color: 'red',
      title: 'Cannot copy to the clipboard',
      message:
        'The browser did not allow access to the clipboard. It requires HTTPS or localhost, and permission.',
      autoClose: false,
      closeButtonProps: { 'aria-label': 'Close' },
    })
  }
}
