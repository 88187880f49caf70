import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs, TextDecoder } from 'node:util'
import { createGunzip } from 'node:zlib'
import { explain, toText } from '../src/sources/cloudtrail/explain.ts'
import { RecordSplitter } from '../src/sources/cloudtrail/split-records.ts'

const usage = `Usage: npm run --silent explain -- FILE [--text]

Reads CloudTrail records and prints what Cairn would import, one JSON line for each record. No database,
no network.

  FILE     JSON, JSON lines, an array, {"Records": […]} or LookupEvents output, plain or gzip;
           - is standard input
  --text   prints text for people instead of JSON`

/** An error message of one line for the person who typed the command. */
class ExplainError extends Error {}

/** @throws ExplainError */
async function run(file: string, isText: boolean): Promise<void> {
  const splitter = new RecordSplitter()
  const decoder = new TextDecoder()
  let count = 0
  const print = async (texts: string[]) => {
    if (texts.length === 0) return
    count += texts.length
    const lines = texts.map((text) => {
      const explanation = explain(text)
      return isText ? toText(explanation) : JSON.stringify(explanation)
    })
    await write(`${lines.join('\n')}\n`)
  }
  let isEmpty = true
  const read = async (bytes: AsyncIterable<Buffer>) => {
    for await (const chunk of bytes) {
      isEmpty &&= chunk.length === 0
      await print(splitter.push(decoder.decode(chunk, { stream: true })))
    }
  }
  const { isGzip, bytes } = await peek(bytesOf(file))
  if (isGzip) await pipeline(bytes, createGunzip(), read)
  else await read(bytes)
  await print(splitter.push(decoder.decode()))
  await print(splitter.end())
  if (isEmpty) throw new ExplainError('it is empty')
  if (splitter.isOpen) throw new ExplainError(`it is incomplete: it ends after ${count} records`)
}

function bytesOf(file: string): AsyncIterable<Buffer> {
  if (file === '-') return process.stdin
  // npm runs its scripts in the project's directory.
  return createReadStream(path.resolve(process.env.INIT_CWD ?? process.cwd(), file))
}

/** Detects gzip by its first two bytes. Returns all bytes, including these. */
async function peek(
  source: AsyncIterable<Buffer>,
): Promise<{ isGzip: boolean; bytes: AsyncIterable<Buffer> }> {
  const chunks = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < 2) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const all = async function* () {
    yield head
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  return { isGzip: head[0] === 0x1f && head[1] === 0x8b, bytes: all() }
}

function write(text: string): Promise<void> | undefined {
  if (process.stdout.write(text)) return undefined
  return new Promise((resolve) => process.stdout.once('drain', resolve))
}

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { text: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
})()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const [file] = positionals
if (file === undefined || positionals.length > 1) {
  console.error(usage)
  process.exit(2)
}
// The reader has closed the pipe, as `| head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})
try {
  await run(file, values.text === true)
} catch (error) {
  console.error(`Cannot read ${file === '-' ? 'standard input' : file}: ${reason(error)}`)
  process.exitCode = 1
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such file.'
  if (code === 'EISDIR') return 'it is a directory.'
  if (code === 'EACCES') return 'permission denied.'
  if (code === 'Z_BUF_ERROR') return 'the gzip data is incomplete.'
  if (code?.startsWith('Z_')) return `the gzip data is damaged (${message}).`
  return `${message}.`
}
