/**
 * LaunchDarkly's webhooks, which send entries of its audit log.
 * https://launchdarkly.com/docs/home/infrastructure/webhooks
 */

import { z } from 'zod'
import { isStorableTime, STORABLE_YEARS } from '../../changes/time.ts'
import {
  idempotencyKey,
  longText,
  present,
  type ReportReading,
  sentences,
  webLinks,
} from './foreign.ts'

const schema = z.looseObject({
  _id: z.string().min(1).max(200),
  /** In milliseconds since 1970. */
  date: z.number().refine((ms) => isStorableTime(new Date(ms)), { error: STORABLE_YEARS }),
  kind: z.string().max(100),
  name: z.string().max(500).default(''),
  description: z.string().optional(),
  comment: z.string().optional(),
  titleVerb: z.string().max(500).optional(),
  accesses: z
    .array(z.looseObject({ action: z.string(), resource: z.string() }))
    .max(500)
    .default([]),
  member: z
    .looseObject({
      email: z.string().optional(),
      firstName: z.string().optional(),
      lastName: z.string().optional(),
    })
    .optional(),
  _links: z.looseObject({ site: z.looseObject({ href: z.string() }).optional() }).optional(),
})

/** `proj/default:env/production:flag/new-checkout` */
const ENVIRONMENT = /:env\/([^:;]+)/
const PROJECT = /^proj\/([^:;]+)/

export function readLaunchDarkly(body: unknown): ReportReading {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { errors: sentences(parsed.error) }
  const { _id, date, kind, name, titleVerb, member, accesses, comment, description } = parsed.data
  const resources = accesses.map(({ resource }) => resource)
  const places = resources.flatMap((resource) => ENVIRONMENT.exec(resource)?.[1] ?? [])
  const environments = present(...places.filter((place) => place !== '*'))
  const project = resources.flatMap((resource) => PROJECT.exec(resource)?.[1] ?? [])[0]
  const author = member?.email ?? [member?.firstName, member?.lastName].filter(Boolean).join(' ')
  const verb = titleVerb ?? `changed the ${kind}`
  const site = parsed.data._links?.site?.href
  const url = site?.startsWith('/') ? `https://app.launchdarkly.com${site}` : site
  return {
    report: {
      receivedAs: 'launchdarkly',
      idempotencyKey: idempotencyKey('launchdarkly', _id),
      summary: [author, verb, name, environments && `in ${environments.join(', ')}`]
        .filter(Boolean)
        .join(' '),
      action: accesses[0]?.action ?? `update ${kind}`,
      description: longText([comment, description].filter(Boolean).join('\n')),
      startsAt: new Date(date),
      environments,
      services: present(name),
      authors: present(author),
      labels: present(`kind:${kind}`, project && `project:${project}`),
      links: webLinks([{ url, label: 'LaunchDarkly' }]),
      tool: 'LaunchDarkly',
    },
  }
}
