/** Maps the services and labels of an alert to Cairn's environments and services. */

import { matchPattern } from '../changes/environment-rules.ts'
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

interface AlertFields {
  source: AlertSource
  services: readonly IncidentService[]
  labels: Readonly<Record<string, string>>
}

interface NamedEnvironment {
  id: string
  name: string
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

/**
 * The first mapping that matches and names an environment decides the environment. Without one, a
 * label that names an environment does, then an environment's name in a service's name. Services are
 * those of all matching mappings; a service that no mapping replaces keeps its name.
 *
 * @param mappings in order, the most significant first
 */
export function mapAlert(
  alert: AlertFields,
  mappings: readonly ServiceMapping[],
  environments: readonly NamedEnvironment[],
): MappedAlert {
  const matching = mappings.filter((mapping) => matchesAlert(mapping, alert))
  const replaced = matching.filter(({ services }) => services.length > 0)
  const kept = alert.services.filter(
    (service) =>
      !replaced.some((mapping) => mapping.label === null && matchesService(mapping, service)),
  )
  const services = [
    ...replaced.flatMap((mapping) => mapping.services),
    ...kept.map(({ name }) => name),
  ]
  const mapped = matching.find(({ environmentId }) => environmentId !== null)?.environmentId
  return {
    environmentId: mapped ?? guessEnvironment(alert, environments),
    services: [...new Set(services)],
  }
}

function matchesAlert(mapping: ServiceMapping, alert: AlertFields): boolean {
  if (mapping.source !== null && mapping.source !== alert.source) return false
  if (mapping.label === null) return alert.services.some((each) => matchesService(mapping, each))
  if (!Object.hasOwn(alert.labels, mapping.label)) return false
  return matchPattern(alert.labels[mapping.label]!, mapping.value)
}

function matchesService({ value }: ServiceMapping, { id, name }: IncidentService): boolean {
  return matchPattern(id, value) || matchPattern(name, value)
}

function guessEnvironment(
  { labels, services }: AlertFields,
  environments: readonly NamedEnvironment[],
): string | null {
  for (const label of ENVIRONMENT_LABELS) {
    if (!Object.hasOwn(labels, label)) continue
    const value = canonical(labels[label]!)
    const named = environments.find(({ name }) => canonical(name) === value)
    if (named) return named.id
  }
  // The longest name first: "Production EU" before "Production".
  const byLength = environments.toSorted((a, b) => b.name.length - a.name.length)
  const texts = services.map(({ name }) => ` ${canonical(name)} `)
  return (
    byLength.find(({ name }) => texts.some((text) => text.includes(` ${canonical(name)} `)))?.id ??
    null
  )
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
