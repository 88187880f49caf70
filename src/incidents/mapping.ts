/** Maps the services and labels of an alert to Cairn's environments and services. */

import { compilePattern, fold, matchesPattern, type Pattern } from '../changes/environment-rules.ts'
import type { AlertSource, IncidentService } from './incident.ts'

export interface ServiceMapping {
  /** Null: every alert source. */
  source: AlertSource | null
  /** The label whose value is compared. Null: the ID or name of a service. */
  label: string | null
  /** A pattern with `*`. Compared ignoring case. */
  value: string
  environmentId: string | null
  /** The services that the alert is about. Empty: the services that the source reports. */
  services: string[]
}

interface MappedAlert {
  environmentId: string | null
  services: string[]
}

export interface AlertFields {
  source: AlertSource
  services: readonly IncidentService[]
  labels: Readonly<Record<string, string>>
}

interface NamedEnvironment {
  id: string
  name: string
}

type PreparedMapping = Omit<ServiceMapping, 'value'> & { pattern: Pattern }

/** Mappings and environments, prepared for comparing with many alerts. */
interface CompiledMapping {
  /** In order, the most significant first. */
  mappings: readonly PreparedMapping[]
  /** The labels that any mapping compares. */
  labels: ReadonlySet<string>
  /** With canonical names. */
  environments: readonly NamedEnvironment[]
  /** The longest name first: "Production EU" before "Production". */
  byLength: readonly NamedEnvironment[]
}

/** An alert, prepared for comparing with many mappings: its texts are folded. */
interface PreparedAlert {
  source: AlertSource
  services: readonly IncidentService[]
  labels: ReadonlyMap<string, string>
}

/** Labels that name an environment, the most common first. */
const ENVIRONMENT_LABELS = ['env', 'environment', 'deployment_environment', 'stage', 'tier']
/** Usual abbreviations of environment names. */
const ABBREVIATIONS: Record<string, string> = {
  prod: 'production',
  prd: 'production',
  stg: 'staging',
  stage: 'staging',
  dev: 'development',
}

/** @param mappings in order, the most significant first */
export function compileMapping(
  mappings: readonly ServiceMapping[],
  environments: readonly NamedEnvironment[],
): CompiledMapping {
  const named = (given: readonly NamedEnvironment[]) =>
    given.map(({ id, name }) => ({ id, name: canonical(name) }))
  return {
    mappings: mappings.map(({ value, ...mapping }) => ({
      ...mapping,
      pattern: compilePattern(value),
    })),
    labels: new Set(mappings.flatMap(({ label }) => label ?? [])),
    environments: named(environments),
    byLength: named(environments.toSorted((a, b) => b.name.length - a.name.length)),
  }
}

/**
 * The first mapping that matches and names an environment decides the environment. Without one, a
 * label that names an environment does, then an environment's name in a service's name. Services are
 * those of all matching mappings; a service that no mapping replaces keeps its name.
 */
export function mapAlert(alert: AlertFields, compiled: CompiledMapping): MappedAlert {
  const prepared = prepareAlert(alert, compiled.labels)
  const matching = compiled.mappings.filter((mapping) => matchesAlert(mapping, prepared))
  const replaced = matching.filter(({ services }) => services.length > 0)
  const kept = alert.services.filter(
    (_, place) =>
      !replaced.some(
        (mapping) => mapping.label === null && matchesService(mapping, prepared.services[place]!),
      ),
  )
  const services = [
    ...replaced.flatMap((mapping) => mapping.services),
    ...kept.map(({ name }) => name),
  ]
  const mapped = matching.find(({ environmentId }) => environmentId !== null)?.environmentId
  return {
    environmentId: mapped ?? guessEnvironment(alert, compiled),
    services: [...new Set(services)],
  }
}

function prepareAlert(
  { source, services, labels }: AlertFields,
  compared: ReadonlySet<string>,
): PreparedAlert {
  const used = Object.entries(labels).filter(([label]) => compared.has(label))
  return {
    source,
    services: services.map(({ id, name }) => ({ id: fold(id), name: fold(name) })),
    labels: new Map(used.map(([label, value]) => [label, fold(value)])),
  }
}

function matchesAlert(mapping: PreparedMapping, alert: PreparedAlert): boolean {
  if (mapping.source !== null && mapping.source !== alert.source) return false
  if (mapping.label === null) return alert.services.some((each) => matchesService(mapping, each))
  const value = alert.labels.get(mapping.label)
  return value !== undefined && matchesPattern(value, mapping.pattern)
}

function matchesService({ pattern }: PreparedMapping, { id, name }: IncidentService): boolean {
  return matchesPattern(id, pattern) || matchesPattern(name, pattern)
}

function guessEnvironment(
  { labels, services }: AlertFields,
  { environments, byLength }: CompiledMapping,
): string | null {
  for (const label of ENVIRONMENT_LABELS) {
    if (!Object.hasOwn(labels, label)) continue
    const value = canonical(labels[label]!)
    const named = environments.find(({ name }) => name === value)
    if (named) return named.id
  }
  const texts = services.map(({ name }) => ` ${canonical(name)} `)
  return byLength.find(({ name }) => texts.some((text) => text.includes(` ${name} `)))?.id ?? null
}

/** Words in lower case, without punctuation, and abbreviations written out. */
function canonical(text: string): string {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => (Object.hasOwn(ABBREVIATIONS, word) ? ABBREVIATIONS[word] : word))
    .join(' ')
}
