/**
 * All filters of the feed, defined once. From this list, Cairn derives the API's parameters
 * (src/api/changes/filters.ts), SQL (src/db/changes.ts), facets (src/db/facets.ts), and the web app's URL,
 * lists and labels. Imports no code, because the web app uses it as well.
 */

import { OUTCOMES, RISKS } from './change.ts'

/**
 * How the values of a filter are compared with a change:
 *
 * - `text`: with a column of the same type
 * - `id`: with a column that is not text, compared as text, so that a malformed value matches
 *   nothing
 * - `detail`: with a text in the source's detail, for each source that has one there
 * - `list`: with a list in the envelope
 * - `special`: by a condition of its own in src/db/changes.ts
 */
type Comparison = 'text' | 'id' | 'detail' | 'list' | 'special'

interface ValueFilter {
  /**
   * The name of the API's parameter and of the web app's. With `!` appended it excludes, if
   * `negatable`.
   */
  name: string
  label: string
  compare: Comparison
  /** A column of `changes`; for `detail` and `list`, `path` is the place in it. */
  column: string
  path?: readonly string[]
  /** Whether it can be repeated: one of the values must match. */
  multi: boolean
  negatable: boolean
  /** Whether facets count its values. */
  facet: boolean
  /** Whether its values are counted among the newest matching changes only. No index has them. */
  newestFacet?: boolean
  /** What a value is, for the API's description. */
  meaning: string
  /** The only allowed values. */
  values?: readonly string[]
  /** Default: 2,048 characters. */
  maxLength?: number
  /** Requires a time range, because the query reads each change in it. */
  needsTimeRange?: boolean
}

const many = { multi: true, negatable: true } as const
const facet = { ...many, facet: true } as const
const noFacet = { ...many, facet: false } as const
const newestFacet = { ...noFacet, newestFacet: true } as const
/** A boolean in a URL. */
export const YES_NO = ['true', 'false'] as const

/** In the order of the web app's facets. */
const VALUE_FILTERS = [
  {
    ...facet,
    name: 'environment',
    label: 'Environment',
    compare: 'special',
    column: 'connection_id',
    meaning: 'an environment, by ID or name',
  },
  {
    ...facet,
    name: 'service',
    label: 'Service',
    compare: 'text',
    column: 'service',
    meaning: 'a service, such as `ec2`',
  },
  {
    ...facet,
    name: 'actor',
    label: 'Actor',
    compare: 'text',
    column: 'actor_id',
    meaning: 'an actor, by its `id`',
  },
  {
    ...facet,
    name: 'tool',
    label: 'Tool',
    compare: 'text',
    column: 'tool',
    meaning: 'a tool, by its `name`',
  },
  {
    ...facet,
    name: 'account',
    label: 'Account',
    compare: 'text',
    column: 'account_id',
    meaning: 'an account ID',
  },
  {
    ...facet,
    name: 'region',
    label: 'Region',
    compare: 'text',
    column: 'region',
    meaning: 'a region, such as `eu-west-1`',
  },
  {
    ...facet,
    name: 'action',
    label: 'Action',
    compare: 'text',
    column: 'action',
    meaning: 'an action, such as `RunInstances`',
  },
  {
    ...facet,
    name: 'resource',
    label: 'Resource',
    compare: 'special',
    column: 'resource_ids',
    maxLength: 4_096,
    meaning: 'a resource `key`, ID, name or ARN',
  },
  {
    ...facet,
    name: 'outcome',
    label: 'Outcome',
    compare: 'text',
    column: 'outcome',
    meaning: '`succeeded`, `failed` or `denied`',
    values: OUTCOMES,
  },
  {
    ...facet,
    name: 'connection',
    label: 'Connection',
    compare: 'id',
    column: 'connection_id',
    meaning: 'a connection ID',
  },
  {
    ...facet,
    name: 'source',
    label: 'Source',
    compare: 'text',
    column: 'source',
    meaning: 'a source, by its ID',
  },
  {
    ...newestFacet,
    name: 'risk',
    label: 'Risk',
    compare: 'list',
    column: 'envelope',
    path: ['risks'],
    meaning: RISKS.map((risk) => `\`${risk}\``).join(', '),
    values: RISKS,
  },
  {
    ...newestFacet,
    name: 'resourceType',
    label: 'Resource type',
    compare: 'list',
    column: 'envelope',
    path: ['resources', 'type'],
    meaning: 'a resource type, such as `AWS::IAM::Role`',
  },
  {
    ...newestFacet,
    name: 'readOnly',
    label: 'Read-only',
    compare: 'id',
    column: 'read_only',
    multi: false,
    negatable: false,
    meaning: '`true` or `false`',
    values: YES_NO,
  },
  {
    ...newestFacet,
    name: 'errorCode',
    label: 'Error code',
    compare: 'detail',
    column: 'detail',
    path: ['error', 'code'],
    meaning: 'an error code, such as `AccessDenied`',
  },
  {
    ...newestFacet,
    name: 'sourceIp',
    label: 'Source IP',
    compare: 'detail',
    column: 'detail',
    path: ['sourceIp'],
    meaning: 'the IP address or the service that made the call',
  },
  {
    ...newestFacet,
    name: 'runId',
    label: 'Run',
    compare: 'detail',
    column: 'envelope',
    path: ['tool', 'run'],
    meaning: 'a run of a tool, as the tool names it, such as `atlantis/shop/infra/12`',
  },
  {
    ...noFacet,
    name: 'changeSet',
    label: 'Change set',
    compare: 'special',
    column: 'change_set_id',
    meaning: 'a change set ID, current or former',
  },
  {
    ...noFacet,
    name: 'request',
    label: 'Request',
    compare: 'detail',
    column: 'detail',
    path: ['requestId'],
    meaning: 'a request ID of the source',
    needsTimeRange: true,
  },
] as const satisfies readonly ValueFilter[]

/** The filters that are not lists of values. */
export const OTHER_FILTERS = [
  {
    name: 'from',
    label: 'From',
    column: 'occurred_at',
    meaning: 'Start of the time range, inclusive.',
  },
  { name: 'to', label: 'To', column: 'occurred_at', meaning: 'End of the time range, exclusive.' },
  {
    name: 'q',
    label: 'Search',
    column: 'searched_text',
    meaning:
      'Text in the summary, the actor, the action, the run of the tool, or the ID or ARN of a resource.',
  },
  {
    name: 'noise',
    label: 'Routine changes',
    column: 'noise',
    values: YES_NO,
    meaning: '`false` excludes routine changes, `true` returns only routine changes.',
  },
] as const

type Filter = (typeof VALUE_FILTERS)[number]
export type FilterField = Filter['name']
export type FacetField = Extract<Filter, { facet: true }>['name']
export type NewestFacetField = Extract<Filter, { newestFacet: true }>['name']
/** The parameter that excludes values. */
export type Exclusion = `${Extract<Filter, { negatable: true }>['name']}!`

export const filterFields: readonly FilterField[] = VALUE_FILTERS.map(({ name }) => name)
export const facetFields: readonly FacetField[] = VALUE_FILTERS.flatMap((filter) =>
  filter.facet ? [filter.name] : [],
)
export const newestFacetFields: readonly NewestFacetField[] = VALUE_FILTERS.flatMap((filter) =>
  'newestFacet' in filter ? [filter.name] : [],
)

const BY_NAME = new Map<string, ValueFilter>(VALUE_FILTERS.map((filter) => [filter.name, filter]))

export function filterOf(name: FilterField): ValueFilter & { name: FilterField } {
  return BY_NAME.get(name) as ValueFilter & { name: FilterField }
}

export const filterLabels = Object.fromEntries(
  VALUE_FILTERS.map(({ name, label }) => [name, label]),
) as Record<FilterField, string>

/** The name of the parameter that excludes values of this field: `service!`. */
export function exclusion<Field extends FilterField>(field: Field): `${Field}!` {
  return `${field}!`
}
