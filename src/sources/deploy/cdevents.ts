/** CDEvents about services, pipelines, environments and merged changes. https://cdevents.dev/docs/ */

import { z } from 'zod'
import type { Report } from './detail.ts'
import {
  idempotencyKey,
  longText,
  present,
  type ReportReading,
  sentences,
  storableTime,
  webLinks,
} from './foreign.ts'

const named = z.looseObject({ id: z.string().max(500), name: z.string().max(500).optional() })
const optionalName = z.union([named, z.string().max(500)]).optional()

const schema = z.looseObject({
  context: z.looseObject({
    id: z.string().min(1).max(1024),
    source: z.string().min(1).max(2048),
    type: z.string().max(500),
    timestamp: storableTime,
  }),
  subject: z.looseObject({
    id: z.string().min(1).max(1024),
    source: z.string().max(2048).optional(),
    content: z
      .looseObject({
        name: z.string().max(500).optional(),
        environment: optionalName,
        artifactId: z.string().max(1024).optional(),
        pipelineName: z.string().max(500).optional(),
        taskName: z.string().max(500).optional(),
        url: z.string().optional(),
        uri: z.string().optional(),
        outcome: z.string().max(100).optional(),
        errors: z.string().max(10_000).optional(),
        repository: optionalName,
        description: z.string().optional(),
      })
      .default({}),
  }),
})

type CdEvent = z.output<typeof schema>

/** `dev.cdevents.service.deployed.0.2.0`, or with a draft suffix. */
const TYPE = /^dev\.cdevents\.([a-z]+)\.([a-z]+)\.\d/

/** What each event of a service did. */
const SERVICE_VERBS: ReadonlyMap<string, string> = new Map([
  ['deployed', 'Deployed'],
  ['upgraded', 'Upgraded'],
  ['rolledback', 'Rolled back'],
  ['removed', 'Removed'],
  ['published', 'Published'],
])
const ENVIRONMENT_VERBS: ReadonlyMap<string, string> = new Map([
  ['created', 'Created'],
  ['modified', 'Modified'],
  ['deleted', 'Deleted'],
])

export function readCdEvent(body: unknown): ReportReading {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { errors: sentences(parsed.error) }
  const event = parsed.data
  const [, subject, predicate] = TYPE.exec(event.context.type) ?? []
  if (subject === undefined || predicate === undefined) {
    return {
      errors: [`context.type: ${JSON.stringify(event.context.type)} is not a CDEvents type.`],
    }
  }
  if (subject === 'service' && SERVICE_VERBS.has(predicate))
    return { report: service(event, predicate) }
  if (subject === 'environment' && ENVIRONMENT_VERBS.has(predicate)) {
    return { report: environment(event, predicate) }
  }
  if (subject === 'pipelinerun' && predicate !== 'queued') return { report: run(event, predicate) }
  if (subject === 'change' && predicate === 'merged') return { report: merge(event) }
  return { ignored: `Events of the type ${subject}.${predicate} report no change.` }
}

function common({ context, subject }: CdEvent) {
  const { content } = subject
  return {
    receivedAs: 'cloudevents' as const,
    idempotencyKey: idempotencyKey('cdevents', context.source, context.id),
    startsAt: new Date(context.timestamp),
    environments: present(nameOf(content.environment)),
    repository: nameOf(content.repository),
    links: webLinks([{ url: content.url ?? content.uri }]),
    description: longText(content.description ?? content.errors),
    tool: context.source,
  }
}

function service(event: CdEvent, predicate: string): Report {
  const { id, content } = event.subject
  const version = content.artifactId && versionOf(content.artifactId)
  const name = shortName(id)
  const place = nameOf(content.environment)
  return {
    ...common(event),
    summary: [SERVICE_VERBS.get(predicate), name, version, place && `to ${place}`]
      .filter(Boolean)
      .join(' '),
    action: predicate === 'deployed' ? 'deploy' : predicate,
    version,
    services: [name],
  }
}

function environment(event: CdEvent, predicate: string): Report {
  const name = event.subject.content.name ?? event.subject.id
  return {
    ...common(event),
    summary: `${ENVIRONMENT_VERBS.get(predicate)} the environment ${name}`,
    action: `environment ${predicate}`,
    environments: [name],
  }
}

function merge(event: CdEvent): Report {
  const { id, content } = event.subject
  const reference = content.repository
  // The ID has the owner, and `name` may not.
  const repository = typeof reference === 'object' ? reference.id : reference
  return {
    ...common(event),
    summary: [`Merged the change ${id}`, repository && `into ${repository}`]
      .filter(Boolean)
      .join(' '),
    action: 'change merged',
    repository,
    services: repository === undefined ? undefined : [shortName(repository)],
  }
}

/** Both events of a run have one key, so that the second one ends the change of the first. */
function run(event: CdEvent, predicate: string): Report {
  const { context, subject } = event
  const { pipelineName = subject.id, outcome } = subject.content
  const isEnd = predicate === 'finished'
  const isFailure = outcome === 'failure' || outcome === 'error' || outcome === 'cancel'
  const at = new Date(context.timestamp)
  return {
    ...common(event),
    idempotencyKey: idempotencyKey('cdevents', subject.source ?? context.source, subject.id),
    summary: `Ran the pipeline ${pipelineName}`,
    action: 'run pipeline',
    startsAt: isEnd ? undefined : at,
    endsAt: isEnd ? at : undefined,
    outcome: isEnd && isFailure ? 'failed' : undefined,
    services: [shortName(pipelineName)],
  }
}

function nameOf(value: z.output<typeof optionalName>): string | undefined {
  if (typeof value === 'string') return value
  return value && (value.name ?? shortName(value.id))
}

/** `/apps/checkout` is `checkout`. */
function shortName(id: string): string {
  return id.split('/').findLast((part) => part !== '') ?? id
}

/** Of a package URL: `pkg:oci/checkout@sha256%3A0b31?tag=1.4.2` is `1.4.2`. */
function versionOf(artifactId: string): string | undefined {
  const tag = /[?&]tag=([^&#]+)/.exec(artifactId)?.[1]
  const version = tag ?? /@([^?#]+)/.exec(artifactId)?.[1]
  try {
    return version && decodeURIComponent(version)
  } catch {
    return version
  }
}
