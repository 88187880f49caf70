import { Button, Card, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Words } from '../../components/breakable.tsx'
import { Copy, Snippet } from '../../components/copy.tsx'
import { formatJson, visible } from '../../components/json.ts'
import { JsonTree } from '../../components/json-tree.tsx'
import { cut } from '../feed/entries.ts'

export function Section({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <Card withBorder component="section" padding="md">
      <Title order={2} size="h5" mb="xs">
        {title}
      </Title>
      {children}
    </Card>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function LongText({ text, most = 500 }: { text: string; most?: number }) {
  const [isWhole, setIsWhole] = useState(false)
  if (text.length <= most) return <Words text={visible(text)} />
  return (
    <>
      {isWhole ? visible(text) : cut(text, most)}{' '}
      <Button variant="subtle" size="compact-xs" onClick={() => setIsWhole(!isWhole)}>
        {isWhole ? 'Show less' : 'Show all'}
      </Button>
    </>
  )
}

/** What a source sent, as a tree in parts or as JSON. Collapsed, because it is long. */
export function RecordSection(props: {
  title: string
  parts: { title: string; value: unknown }[]
  record: unknown
  /** Open at first. Default: collapsed. */
  isOpenAtFirst?: boolean
}) {
  const { title: heading, record } = props
  const [isOpen, setIsOpen] = useState(props.isOpenAtFirst ?? false)
  const [how, setHow] = useState<'tree' | 'raw'>('tree')
  const parts = props.parts.filter(({ value }) => value !== undefined)
  return (
    <Section
      title={
        <Group justify="space-between">
          {heading}
          <Group gap="xs">
            <Copy text={formatJson(record) ?? ''} label={`Copy ${heading} as JSON`} />
            <Button
              variant="default"
              size="compact-sm"
              aria-expanded={isOpen}
              onClick={() => setIsOpen(!isOpen)}
              leftSection={
                <IconChevronRight
                  size={14}
                  aria-hidden
                  style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
                />
              }
            >
              {isOpen ? 'Hide event' : 'Show event'}
            </Button>
            {isOpen && (
              <SegmentedControl
                size="xs"
                aria-label="Event format"
                value={how}
                onChange={(value) => setHow(value === 'raw' ? 'raw' : 'tree')}
                data={[
                  { value: 'tree', label: 'Tree' },
                  { value: 'raw', label: 'Raw JSON' },
                ]}
              />
            )}
          </Group>
        </Group>
      }
    >
      {isOpen && how === 'raw' && <Raw value={record} />}
      {isOpen && how === 'tree' && (
        <Stack gap="sm">
          {parts.map(({ title, value }) => (
            <div key={title}>
              <Group gap={4}>
                <Title order={3} size="h6">
                  {title}
                </Title>
                <Copy text={formatJson(value) ?? ''} label={`Copy ${title} as JSON`} />
              </Group>
              <JsonTree value={value} label={title} />
            </div>
          ))}
        </Stack>
      )}
    </Section>
  )
}

function Raw({ value }: { value: unknown }) {
  const text = formatJson(value)
  return text === undefined ? (
    <Text size="sm">This event is nested too deeply to show as raw JSON. Use the tree view.</Text>
  ) : (
    <Snippet text={text} label="Event as JSON" maxHeight={640} />
  )
}
