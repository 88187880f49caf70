/** The body of `POST /changes`. */

import { z } from 'zod'
import type { Link } from '../../changes/change.ts'
import { MAX_LINKS } from '../../changes/links.ts'
import { spoken } from '../../changes/text.ts'
import { isStorableTime, STORABLE_YEARS } from '../../changes/time.ts'
import { REPORTED_OUTCOMES, type Report } from './detail.ts'

const MAX_ITEMS = 50
const MAX_REPORTED_LINKS = 20
const MAX_URL_LENGTH = 2048
const MAX_LABEL_LENGTH = 200
const MAX_DESCRIPTION_LENGTH = 10_000
const MAX_KEY_BYTES = 512

/** One line of visible text: no control characters, no lone surrogates. */
function line(most: number) {
  return z
    .string()
    .max(most)
    .refine((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), {
      error: 'Control characters are not allowed.',
    })
    .refine((value) => spoken(value, most) !== '', { error: 'Must contain visible characters.' })
    .trim()
}

/** Text that may contain line breaks and tabs. */
const description = z
  .string()
  .max(MAX_DESCRIPTION_LENGTH)
  .refine((value) => value.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(value), {
    error: 'Control characters other than line breaks and tabs are not allowed.',
  })

const time = z.iso
  .datetime({ offset: true, error: 'Use RFC 3339, for example 2026-03-01T12:00:00Z.' })
  .refine((text) => isStorableTime(new Date(text)), { error: STORABLE_YEARS })

/** An address that a page can link to: `javascript:` and other schemes could run code. */
export function isWebUrl(text: string): boolean {
  const url = URL.parse(text)
  return (
    text.isWellFormed() &&
    (url?.protocol === 'https:' || url?.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    !/[\p{Cc}\s]/u.test(text)
  )
}

export function toLink(url: string, label?: string): Link {
  return { label: spoken(label ?? '', MAX_LABEL_LENGTH) || new URL(url).host, url }
}

const url = z.string().max(MAX_URL_LENGTH).refine(isWebUrl, {
  error: 'Must be an http or https URL without a user name or a password.',
})

const link = z.union([url, z.strictObject({ url, label: line(MAX_LABEL_LENGTH).optional() })], {
  error: 'Must be an http or https URL, or an object with `url` and `label`.',
})

const names = (what: string) =>
  z
    .array(line(200))
    .max(MAX_ITEMS)
    .optional()
    .meta({ description: `${what} At most 50.` })

const labels = z
  .union([z.array(line(200)), z.record(line(100), line(100))], {
    error: 'Must be a list of texts, or an object whose values are texts.',
  })
  .refine((given) => Object.keys(given).length <= MAX_ITEMS, { error: `At most ${MAX_ITEMS}.` })

const fields = z.strictObject({
  summary: line(300).meta({
    description: 'The change in one sentence, such as `Deployed checkout 1.4.2`.',
  }),
  description: description.optional(),
  startsAt: time.optional().meta({
    description: 'When the change started. Default: `endsAt`, otherwise now.',
  }),
  endsAt: time.optional().meta({ description: 'When the change ended.' }),
  outcome: z.enum(REPORTED_OUTCOMES).optional().meta({ description: 'Default: `succeeded`.' }),
  action: line(100).optional().meta({
    description: 'What was done, such as `deploy` or `update_flag`. Default: `deploy`.',
  }),
  version: line(200).optional().meta({ description: 'What was deployed: a version, a commit.' }),
  environments: names('Names of environments. Unknown names are stored and returned as warnings.'),
  services: names('What was changed, the most important service first.'),
  authors: names('Names or email addresses, the main author first.'),
  labels: labels.optional().meta({
    description:
      'A list, or an object: `{"team": "payments"}` becomes `team:payments`. At most 50.',
  }),
  links: z
    .array(link)
    .max(MAX_REPORTED_LINKS)
    .optional()
    .meta({
      description: `The run of the pipeline, the pull request. At most ${MAX_REPORTED_LINKS}; of all reports about a change, the newest ${MAX_LINKS} are stored.`,
    }),
  tool: line(100).optional().meta({ description: 'What made the change: `Argo CD`.' }),
  idempotencyKey: line(MAX_KEY_BYTES)
    .refine((key) => Buffer.byteLength(key) <= MAX_KEY_BYTES, {
      error: `At most ${MAX_KEY_BYTES} bytes of UTF-8.`,
    })
    .meta({
      description: 'The same in every report about this change, such as the ID of the run.',
    }),
})

/**
 * The same fields where the key and the summary come from elsewhere. Other fields are ignored.
 */
export const partialFields = fields.partial({ idempotencyKey: true, summary: true }).strip()

export const bodySchema = fields
  .superRefine(({ startsAt, endsAt }, context) => {
    if (startsAt === undefined || endsAt === undefined) return
    if (new Date(endsAt) >= new Date(startsAt)) return
    context.addIssue({
      code: 'custom',
      path: ['endsAt'],
      message: 'Must not be before `startsAt`.',
    })
  })
  .meta({
    id: 'ReportedChange',
    examples: [
      {
        summary: 'Deployed checkout 1.4.2',
        startsAt: '2026-03-01T12:00:00Z',
        endsAt: '2026-03-01T12:04:10Z',
        version: '1.4.2',
        environments: ['production'],
        services: ['checkout'],
        authors: ['ada@example.com'],
        labels: ['team:payments'],
        links: [{ label: 'Pipeline', url: 'https://ci.example.com/runs/812' }],
        idempotencyKey: 'checkout-run-812',
      },
    ],
  })

export function toReport(body: z.output<typeof bodySchema>): Report {
  const { startsAt, endsAt, labels, links, ...same } = body
  const report: Report = { ...same, receivedAs: 'changes' }
  if (startsAt !== undefined) report.startsAt = new Date(startsAt)
  if (endsAt !== undefined) report.endsAt = new Date(endsAt)
  if (labels !== undefined) report.labels = toLabels(labels)
  if (links !== undefined) {
    report.links = links.map((each) =>
      typeof each === 'string' ? toLink(each) : toLink(each.url, each.label),
    )
  }
  return report
}

/** `{ team: 'payments' }` becomes `team:payments`. */
function toLabels(labels: string[] | Record<string, string>): string[] {
  if (Array.isArray(labels)) return labels
  return Object.entries(labels).map(([name, value]) => `${name}:${value}`)
}
