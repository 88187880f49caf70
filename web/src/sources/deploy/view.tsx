import { Badge, Group } from '@mantine/core'
import type { DeployDetail } from '../../client.ts'
import { Copy } from '../../components/copy.tsx'
import { Fact, LongText, RecordSection, Section } from '../../pages/change/parts.tsx'
import type { Detail, SourceView } from '../view.ts'

export const deploy: SourceView = { Top: Description, Facts, Event }

/** The registry has chosen this view by the change's source. */
const typed = (detail: Detail) => detail as DeployDetail

function Description(props: { detail: Detail }) {
  const { description } = typed(props.detail)
  if (description === undefined) return null
  return (
    <Section title="Description">
      <bdi style={{ whiteSpace: 'pre-wrap' }}>
        <LongText text={description} />
      </bdi>
    </Section>
  )
}

function Facts(props: { detail: Detail }) {
  const { version, repository, services, authors, environments, labels } = typed(props.detail)
  return (
    <>
      {version !== undefined && (
        <Fact name="Version">
          <bdi>{version}</bdi> <Copy text={version} label="Copy the version" />
        </Fact>
      )}
      {repository !== undefined && <Fact name="Repository">{repository}</Fact>}
      <Names name="Services" names={services} />
      <Names name="Authors" names={authors} />
      <Names name="Reported environments" names={environments} />
      {labels.length > 0 && (
        <Fact name="Labels">
          <Group gap={4}>
            {[...new Set(labels)].map((label) => (
              <Badge key={label} variant="default" tt="none">
                {label}
              </Badge>
            ))}
          </Group>
        </Fact>
      )}
    </>
  )
}

function Names({ name, names }: { name: string; names: string[] }) {
  if (names.length === 0) return null
  return (
    <Fact name={name}>
      <bdi>{names.join(', ')}</bdi>
    </Fact>
  )
}

function Event({ record }: { record: unknown }) {
  return (
    <RecordSection title="Report" parts={[{ title: 'Report', value: record }]} record={record} />
  )
}
