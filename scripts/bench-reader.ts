import { readFileSync } from 'node:fs'
import { explain } from '../src/sources/cloudtrail/explain.ts'
import { RecordSplitter } from '../src/sources/cloudtrail/split-records.ts'

/** How fast `npm run explain` reads records, and how many of them have a resource. */
export interface ReaderMeasurement {
  /** Records per second of processor time, on one core. */
  perSecond: number
  target: number
  /** Of the changing calls with parameters, the share for which a resource was found. */
  withResource: number
}

/** Long enough for the optimizing compiler. */
const WARM_UP = 40_000
const RECORDS = 40_000
/** The fastest round counts: other processes on the machine only slow it down. */
const ROUNDS = 7
/** Records that a file is read in at a time. */
const AT_ONCE = 1_000

/** Reads the sample records of the reader's tests, again and again, as `npm run explain` does. */
export function measureReader(): ReaderMeasurement {
  const file = new URL('../testing/cloudtrail/reader-samples.json', import.meta.url)
  const samples: { record: unknown }[] = JSON.parse(readFileSync(file, 'utf8'))
  const lines = samples.map(({ record }) => JSON.stringify(record))
  const chunk = Array.from({ length: AT_ONCE }, (_, n) => lines[n % lines.length])
  const text = `${chunk.join('\n')}\n`
  const splitter = new RecordSplitter()
  let written = 0
  const read = (records: number) => {
    for (let n = 0; n < records; n += AT_ONCE)
      for (const record of splitter.push(text)) written += JSON.stringify(explain(record)).length
  }
  read(WARM_UP)
  const seconds = Array.from({ length: ROUNDS }, () => {
    const began = process.cpuUsage()
    read(RECORDS)
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1e6
  })
  if (written === 0) throw new Error('No record was read')
  return {
    perSecond: RECORDS / Math.min(...seconds),
    target: 20_000,
    withResource: shareWithResource(lines),
  }
}

function shareWithResource(lines: readonly string[]): number {
  const changing = lines.filter((line) => {
    const { readOnly, requestParameters } = JSON.parse(line)
    return String(readOnly) !== 'true' && Object.keys(requestParameters ?? {}).length > 0
  })
  const found = changing.filter((line) => {
    const explanation = explain(line)
    return 'resources' in explanation && explanation.resources.length > 0
  })
  return found.length / changing.length
}
