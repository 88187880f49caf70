import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../src/api/app.ts'
import type { App } from '../src/api/context.ts'
import { builtFrom, ensureWebApp, webRoutes } from '../src/web.ts'
import { createTestApi, type TestApi } from '../testing/api.ts'

const logger = pino({ level: 'silent' })
/** What a newcomer's browser loads before anything is on the page. */
const FIRST_PAGE_LIMIT_BYTES = 350 * 1024

let api: TestApi
let app: App
let directory: string

beforeAll(async () => {
  directory = await ensureWebApp(logger)
  api = await createTestApi()
  app = await createApp(api.context, { logger, others: (it) => webRoutes(it, directory) })
})
afterAll(async () => {
  await app.close()
  await api.close()
})

test.each(['/', '/integrations', '/changes/019cae21', '/no/such/page?x=<script>'])(
  'the page is served at each of its paths: %s',
  async (url) => {
    const { statusCode, headers, body } = await app.inject(url)
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toContain('<div id="root">')
    expect(body).not.toContain('x=<script>')
  },
)

test.each(['/api/v1/nothing', '/api/nothing', '/api'])(
  "a path outside the API's routes is a problem, not the page: %s",
  async (url) => {
    const { statusCode, headers } = await app.inject(url)
    expect([401, 404]).toContain(statusCode)
    expect(headers['content-type']).toContain('application/problem+json')
  },
)

test('the page may run only its own scripts, with a new nonce for each response', async () => {
  const nonceOf = async () => {
    const { headers, body } = await app.inject('/')
    const policy = String(headers['content-security-policy'])
    expect(policy).not.toContain('unsafe')
    expect(policy).toMatch(/default-src 'none'/)
    expect(policy).toMatch(/frame-ancestors 'none'/)
    const nonce = /'nonce-([^']+)'/.exec(policy)![1]!
    expect(body).toContain(`content="${nonce}"`)
    // Nothing in it that a nonce would have to allow.
    expect(body).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\son\w+=/)
    return nonce
  }
  expect(await nonceOf()).not.toBe(await nonceOf())
})

test('the app is built again when an imported server file changes', () => {
  for (const file of ['src/changes/filters.ts', 'src/changes/change.ts', 'web/src/main.tsx'])
    expect(builtFrom()).toContain(path.resolve(import.meta.dirname, '..', file))
})

test('React is built for production, regardless of NODE_ENV at start', () => {
  expect(process.env.NODE_ENV).not.toBe('production')
  const assets = readdirSync(path.join(directory, 'assets'))
  const texts = assets.map((asset) => readFileSync(path.join(directory, 'assets', asset), 'utf8'))
  expect(texts.join('')).not.toContain('Download the React DevTools')
})

test('files with hashed names are cached by browsers, and no source map is served', async () => {
  const assets = readdirSync(path.join(directory, 'assets'))
  expect(assets.length).toBeGreaterThan(5)
  for (const asset of assets) {
    const { statusCode, headers } = await app.inject(`/assets/${asset}`)
    expect(statusCode).toBe(200)
    expect(headers['cache-control']).toContain('immutable')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(asset).not.toMatch(/\.map$/)
  }
  expect((await app.inject('/color-scheme.js')).headers['cache-control']).toBe('no-cache')
  expect((await app.inject('/.built-from')).body).toContain('<div id="root">')
})

test('the first page loads less than 350 KB, compressed, in few files', () => {
  // The page, what it names, and the chunk of the feed with all that this imports in turn.
  const read = (file: string) => readFileSync(path.join(directory, file))
  const files = new Set<string>()
  const follow = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    if (!file.endsWith('.js')) return
    const text = read(file).toString()
    const imports = text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)
    for (const [, name] of imports) follow(`assets/${name}`)
  }
  const page = read('index.html').toString()
  for (const [, name] of page.matchAll(/(?:src|href)="\/([^"]+)"/g)) follow(name!)
  const feed = readdirSync(path.join(directory, 'assets')).filter((name) =>
    /^feed-.*\.(js|css)$/.test(name),
  )
  expect(feed.length).toBeGreaterThan(0)
  for (const name of feed) follow(`assets/${name}`)
  const bytes = [...files].reduce((sum, file) => sum + gzipSync(read(file)).length, 0)
  expect(bytes).toBeLessThan(FIRST_PAGE_LIMIT_BYTES)
  // Each is a request.
  expect(files.size).toBeLessThan(15)
})
