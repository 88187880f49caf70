import { Alert } from '@mantine/core'
import type { Change, CloudTrailDetail } from '../../client.ts'
import { Copy } from '../../components/copy.tsx'
import { Identifier } from '../../pages/change/identifier.tsx'
import { Fact, LongText, RecordSection } from '../../pages/change/parts.tsx'
import { cut } from '../../pages/feed/entries.ts'
import { Edits } from '../edits.tsx'
import type { Detail, SourceView } from '../view.ts'
import { relatedQueries } from './related-queries.ts'

export const cloudtrail: SourceView = { Banner, Top, Facts, Event, relatedQueries }

/** The registry has chosen this view by the change's source. */
const typed = (detail: Detail) => detail as CloudTrailDetail

function Banner(props: { detail: Detail }) {
  const { error } = typed(props.detail)
  if (error === undefined) return null
  return (
    <Alert color="red" variant="light" title={cut(error.code, 200)}>
      <bdi>
        <LongText text={error.message ?? 'No message.'} />
      </bdi>
    </Alert>
  )
}

function Top(props: { detail: Detail }) {
  return <Edits edits={typed(props.detail).edits} />
}

function Facts(props: { detail: Detail; change: Change }) {
  const { change } = props
  const detail = typed(props.detail)
  const { accessKeyId } = detail.session
  return (
    <>
      {detail.sourceIp !== undefined && (
        <Fact name="Source IP">
          <Identifier
            change={change}
            value={detail.sourceIp}
            what="source IP"
            filter={{ sourceIp: [detail.sourceIp] }}
          />
        </Fact>
      )}
      {detail.userAgent !== undefined && (
        <Fact name="User agent">
          <bdi>
            <LongText text={detail.userAgent} most={160} />
          </bdi>
        </Fact>
      )}
      {accessKeyId !== null && (
        <Fact name="Session">
          <Identifier
            change={change}
            value={accessKeyId}
            what="access key ID"
            filter={change.changeSetId === null ? undefined : { changeSet: [change.changeSetId] }}
          />
        </Fact>
      )}
      {detail.error !== undefined && (
        <Fact name="Error code">
          <Identifier
            change={change}
            value={detail.error.code}
            what="error code"
            filter={{ errorCode: [detail.error.code] }}
          />
        </Fact>
      )}
      <Fact name="Event ID">
        <bdi>{cut(detail.eventId, 200)}</bdi>
        <Copy text={detail.eventId} label="Copy event ID" />
      </Fact>
      {detail.requestId !== undefined && (
        <Fact name="Request ID">
          <Identifier
            change={change}
            value={detail.requestId}
            what="request ID"
            filter={{ request: [detail.requestId] }}
          />
        </Fact>
      )}
    </>
  )
}

function Event(props: { detail: Detail; record: unknown }) {
  const { request, response, other } = typed(props.detail)
  const isBare = request === undefined && response === undefined
  const parts = [
    { title: 'Request', value: request },
    { title: 'Response', value: response },
    { title: isBare ? 'Record' : 'Other fields', value: other },
  ]
  return <RecordSection title="CloudTrail event" parts={parts} record={props.record} />
}
