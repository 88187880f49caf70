/** Reads past incidents for a backtest: CSV, JSON lines, JSON, or an export of PagerDuty. Pure. */

export interface PastIncident {
  /** When it was noticed. */
  time: Date
  /** A name, as written. Null: unknown. */
  environment: string | null
  title: string
  services: string[]
  /** The alert source's ID of the first service, for service mappings. */
  serviceId: string | null
  /** A part of the summary, the `sourceId` or the ID of the change that was the cause. */
  cause: string | null
}

/** The text contains something that is not a past incident. The message names the place. */
export class InvalidPastIncidents extends Error {
  override readonly name = 'InvalidPastIncidents'
}

const DAY_MS = 24 * 3_600_000
/** CloudTrail keeps events for 90 days, so older incidents have no complete history. */
export const MAX_DAYS = 90
/** The most that one run reads. */
export const MAX_PAST_INCIDENTS = 1_000
const MAX_TITLE = 300
const MAX_NAME = 200
const MAX_CAUSE = 1_000
const MAX_SERVICES = 20

/**
 * The columns or fields that hold a value, the first that is set wins: Cairn's own names, those of
 * PagerDuty's REST API and its analytics (`created_at`, `title`, `description`), and of both CSV
 * files of its incidents report: with advanced reporting `incident_number`, `description`,
 * `service_name`, `created_on`; otherwise `#`, `Service`, `Opened On`, and no description.
 * https://support.pagerduty.com/docs/reports
 */
const NAMES = {
  time: ['time', 'noticedat', 'noticed_at', 'created_at', 'created_on', 'opened_on'],
  title: ['title', 'description', 'summary'],
  environment: ['environment'],
  cause: ['cause'],
  service: ['services', 'service', 'service_name'],
  serviceId: ['service_id'],
  /** In place of a title. */
  number: ['incident_number', '#'],
} as const

/**
 * @param text a time without an offset is UTC; a number is a Unix time in seconds or milliseconds
 * @throws InvalidPastIncidents
 */
export function parsePastIncidents(text: string): PastIncident[] {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  if (trimmed === '') throw new InvalidPastIncidents('There are no incidents: the text is empty.')
  const found = /^[[{]/.test(trimmed) ? readJson(trimmed) : readCsv(trimmed)
  if (found.length === 0) throw new InvalidPastIncidents('There are no incidents.')
  return found
}

/**
 * Leaves out what cannot be ranked: incidents older than 90 days, and those in the future.
 *
 * @throws InvalidPastIncidents if more remain than one run reads
 */
export function selectRecent(
  incidents: readonly PastIncident[],
  now: Date,
): { recent: PastIncident[]; older: number; future: number } {
  const oldest = now.getTime() - MAX_DAYS * DAY_MS
  const older = incidents.filter(({ time }) => time.getTime() < oldest).length
  const future = incidents.filter(({ time }) => time > now).length
  const recent = incidents.filter(({ time }) => time.getTime() >= oldest && time <= now)
  if (recent.length > MAX_PAST_INCIDENTS) {
    throw new InvalidPastIncidents(
      `${recent.length} incidents. The limit is ${MAX_PAST_INCIDENTS}: split the file.`,
    )
  }
  return { recent, older, future }
}

function readJson(text: string): PastIncident[] {
  const whole = parseJson(text)
  if (whole !== undefined) return readValue(whole, '')
  return text.split(/\r?\n/).flatMap((line, nth) => {
    if (line.trim() === '') return []
    const value = parseJson(line)
    if (value === undefined) throw new InvalidPastIncidents(`Line ${nth + 1} is not valid JSON.`)
    return readValue(value, `Line ${nth + 1}`)
  })
}

/** One incident, a list of them, or a page of PagerDuty's REST API or analytics. */
function readValue(value: unknown, place: string): PastIncident[] {
  const { incidents, data } = (value ?? {}) as { incidents?: unknown; data?: unknown }
  const list = [value, incidents, data].find(Array.isArray)
  if (list === undefined) return [readIncident(value, place || 'Incident 1')]
  const prefix = place === '' ? 'Incident' : `${place}, incident`
  return list.map((each, nth) => readIncident(each, `${prefix} ${nth + 1}`))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readCsv(text: string): PastIncident[] {
  const [header, ...rows] = readRows(text)
  const names = header!.cells.map(plainName)
  for (const known of [NAMES.time, [...NAMES.title, ...NAMES.number]]) {
    if (!known.some((name) => names.includes(name))) {
      throw new InvalidPastIncidents(
        `Line 1 has no column ${known.join(', ')}. It must name the columns: time, environment, title, cause.`,
      )
    }
  }
  return rows
    .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''))
    .map(({ cells, line }) => {
      if (cells.length > names.length) {
        throw new InvalidPastIncidents(
          `Line ${line} has ${cells.length} cells for ${names.length} columns. Quote cells that contain the separator.`,
        )
      }
      const fields = Object.fromEntries(names.map((name, column) => [name, cells[column] ?? '']))
      return readIncident(fields, `Line ${line}`)
    })
}

/** `Opened On` is `opened_on`. */
function plainName(name: string): string {
  return name.trim().toLowerCase().replaceAll(/\s+/g, '_')
}

/**
 * The rows of a CSV text (RFC 4180) and the line that each starts on. The separator is that of the
 * first line: a comma, a semicolon or a tab.
 */
function readRows(text: string): { cells: string[]; line: number }[] {
  const [first = ''] = text.split('\n', 1)
  const separator = [',', '\t', ';'].find((each) => first.includes(each)) ?? ','
  const rows: { cells: string[]; line: number }[] = []
  let line = 1
  let row = { cells: [] as string[], line }
  let at = 0
  while (at <= text.length) {
    let cell = ''
    if (text[at] === '"') {
      const end = endOfQuoted(text, at, line)
      cell = text.slice(at + 1, end).replaceAll('""', '"')
      at = end + 1
    }
    while (at < text.length && text[at] !== separator && text[at] !== '\n') cell += text[at++]
    line += cell.split('\n').length - 1
    row.cells.push(cell.endsWith('\r') ? cell.slice(0, -1) : cell)
    if (text[at] !== separator) {
      rows.push(row)
      line++
      row = { cells: [], line }
    }
    at++
  }
  return rows
}

/** @returns the position of the quote that ends the cell */
function endOfQuoted(text: string, start: number, line: number): number {
  let at = start + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw new InvalidPastIncidents(`Line ${line}: a quoted cell does not end.`)
    if (text[quote + 1] !== '"') return quote
    at = quote + 2
  }
}

function readIncident(value: unknown, place: string): PastIncident {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidPastIncidents(`${place} is not an incident.`)
  }
  const fields = new Map(Object.entries(value).map(([name, each]) => [plainName(name), each]))
  const first = (names: readonly string[]) =>
    names.map((name) => fields.get(name)).find((each) => each !== undefined && each !== '')
  const text = (names: readonly string[], most: number) => textOf(first(names), most)
  const time = timeOf(first(NAMES.time))
  if (time === null) {
    throw new InvalidPastIncidents(
      `${place} has no valid time. Use RFC 3339, for example 2026-03-01T12:00:00Z.`,
    )
  }
  const number = first(NAMES.number)
  const byNumber = /^\d+$/.test(String(number)) ? `PagerDuty incident ${number}` : null
  const title = text(NAMES.title, MAX_TITLE) ?? byNumber
  if (title === null) throw new InvalidPastIncidents(`${place} has no title.`)
  const service = first(NAMES.service)
  const { id } = (service ?? {}) as { id?: unknown }
  return {
    time,
    title,
    environment: text(NAMES.environment, MAX_NAME),
    services: servicesOf(service),
    serviceId: textOf(id, MAX_NAME) ?? text(NAMES.serviceId, MAX_NAME),
    cause: text(NAMES.cause, MAX_CAUSE),
  }
}

/** One line without control characters. Null: not a text, or empty. */
function textOf(value: unknown, most: number): string | null {
  if (typeof value !== 'string') return null
  const line = value
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
  return line === '' ? null : line.slice(0, most).toWellFormed()
}

/** A name, names separated by semicolons, a list of names, or a reference of PagerDuty. */
function servicesOf(value: unknown): string[] {
  const list = typeof value === 'string' ? value.split(';') : [value].flat()
  const names = list.flatMap((each) => {
    const reference = (each ?? {}) as { summary?: unknown; name?: unknown }
    const name = typeof each === 'string' ? each : (reference.summary ?? reference.name)
    return textOf(name, MAX_NAME) ?? []
  })
  return [...new Set(names)].slice(0, MAX_SERVICES)
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/i
/** Unix times of this size and above are in milliseconds: in seconds, they are after the year 5000. */
const MILLISECONDS_FROM = 100_000_000_000

function timeOf(value: unknown): Date | null {
  const text = String(value ?? '').trim()
  if (/^\d{9,14}$/.test(text)) {
    const unix = Number(text)
    return new Date(unix >= MILLISECONDS_FROM ? unix : unix * 1000)
  }
  const [, date, minutes, seconds = ':00', zone = 'Z'] = TIME.exec(text) ?? []
  if (date === undefined) return null
  // `Date` accepts February 30.
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return null
  const offset = /^(Z|UTC)$/i.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const time = new Date(`${date}T${minutes}${seconds}${offset}`)
  return Number.isNaN(time.getTime()) ? null : time
}
