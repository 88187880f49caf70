/** Past incidents for the backtest: CSV, JSON lines, or an export of PagerDuty. */

import { InvalidScenario } from './scenario.ts'

export interface PastIncident {
  time: Date
  /** A name; null: unknown. */
  environment: string | null
  title: string
  services: string[]
  /** A part of the summary, or the sourceId, of the change that was the cause. */
  cause: string | null
}

/** @throws InvalidScenario that names the line */
export function parsePastIncidents(text: string): PastIncident[] {
  const trimmed = text.trim()
  if (trimmed === '') throw new InvalidScenario('The file is empty')
  const whole = parseJson(trimmed) as { incidents?: unknown } | unknown[] | undefined
  const list = Array.isArray(whole) ? whole : whole?.incidents
  if (Array.isArray(list)) return list.map((each, nth) => toIncident(each, `incident ${nth + 1}`))
  const lines = trimmed.split(/\r?\n/)
  if (trimmed.startsWith('{')) {
    return lines.flatMap((line, nth) =>
      line.trim() === '' ? [] : [toIncident(parseJson(line), `line ${nth + 1}`)],
    )
  }
  const [header, ...rows] = lines
  const names = cells(header!).map((name) => name.trim().toLowerCase())
  return rows.flatMap((row, nth) => {
    if (row.trim() === '') return []
    const values = cells(row)
    const fields = Object.fromEntries(names.map((name, column) => [name, values[column] ?? '']))
    return [toIncident(fields, `line ${nth + 2}`)]
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The cells of a CSV line; quotes inside quotes are doubled. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

function toIncident(value: unknown, place: string): PastIncident {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidScenario(`${place}: not an incident`)
  }
  const fields = value as Record<string, unknown>
  const text = (name: string) => {
    const found = fields[name]
    return typeof found === 'string' && found.trim() !== '' ? found.trim() : null
  }
  const time = new Date(text('time') ?? text('created_at') ?? '')
  if (Number.isNaN(time.getTime())) throw new InvalidScenario(`${place}: no valid time`)
  const title = text('title')
  if (title === null) throw new InvalidScenario(`${place}: no title`)
  const service = (fields.service as { summary?: unknown } | undefined)?.summary
  return {
    ...{ time, title, environment: text('environment'), cause: text('cause') },
    services: typeof service === 'string' ? [service] : [],
  }
}
