import { Button, Card, Group, SegmentedControl, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useState } from 'react'
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
  if (text.length <= most) return visible(text)
  return (
    <>
      {isWhole ? visible(text) : cut(text, most)}{' '}
      <Button variant="subtle" size="compact-xs" onClick={() => setIsWhole(!isWhole)}>
        {isWhole ? 'Show less' : 'Show all'}
      </Button>
    </>
  )
}

/** What a source sent, as a tree in parts or as JSON. */
export function RecordSection(props: {
  title: string
  parts: { title: string; value: unknown }[]
  record: unknown
}) {
  const { title: heading, record } = props
  const [how, setHow] = useState<'tree' | 'raw'>('tree')
  const parts = props.parts.filter(({ value }) => value !== undefined)
  return (
    <Section
      title={
        <Group justify="space-between">
          {heading}
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
        </Group>
      }
    >
      {how === 'raw' ? (
        <Raw value={record} />
      ) : (
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
