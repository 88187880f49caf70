import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fastifyStatic from '@fastify/static'
import type { Logger } from 'pino'
import type { App } from './api/context.ts'
import { notFound } from './api/problems.ts'
import { waitForLock } from './embedded/lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = path.join(root, 'web')
const built = path.join(folder, 'dist')
const stamp = path.join(built, '.built-from')

/**
 * Builds the web app if it does not exist or its sources have changed: once after an installation
 * or an update, in about ten seconds.
 *
 * @returns the directory to serve
 * @throws Vite's errors
 */
export async function ensureWebApp(logger: Pick<Logger, 'info'>): Promise<string> {
  const source = fingerprint()
  const isBuilt = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === source
  if (isBuilt()) return built
  const release = await waitForLock(path.join(folder, '.build.lock'))
  try {
    if (isBuilt()) return built
    logger.info('Building the web app (once, about ten seconds)')
    await build()
    writeFileSync(stamp, source)
    return built
  } finally {
    release()
  }
}

/**
 * In a separate process, which frees the bundler's memory and builds React for production,
 * regardless of NODE_ENV here.
 */
async function build(): Promise<void> {
  const vite = path.join(fileURLToPath(import.meta.resolve('vite/package.json')), '../bin/vite.js')
  const env = { ...process.env, NODE_ENV: 'production' }
  await promisify(execFile)(process.execPath, [vite, 'build', 'web'], { cwd: root, env }).catch(
    ({ stdout, stderr, message }) => {
      throw new Error(`The web app cannot be built: ${stderr || stdout || message}`)
    },
  )
}

/** All inputs of the built app. */
export function builtFrom(): string[] {
  const files = globSync(['src/**/*', 'public/*', 'index.html', 'vite.config.ts'], {
    cwd: folder,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  return [...withImports(files), path.join(root, 'package-lock.json')].sort()
}

function fingerprint(): string {
  const hash = createHash('sha256')
  for (const file of builtFrom())
    hash
      .update(`${path.relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

/** The files and their imports, including those outside the web app's folder. */
function withImports(files: readonly string[]): Set<string> {
  const found = new Set(files)
  for (const file of found) {
    if (!/\.tsx?$/.test(file)) continue
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+\.tsx?)'/g))
      found.add(path.resolve(path.dirname(file), specifier!))
  }
  return found
}

/** A page may only run its own scripts and styles, and call this server's API. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * Serves the built web app from `directory`: its files under their names, and its one HTML page for
 * every other path, because the router in it knows which paths exist.
 */
export async function webRoutes(app: App, directory: string): Promise<void> {
  const page = readFileSync(path.join(directory, 'index.html'), 'utf8')
  await app.register(fastifyStatic, {
    root: directory,
    index: false,
    // Each file is a route. The page handles all other paths.
    wildcard: false,
    setHeaders(reply, file) {
      const isHashed = path.relative(directory, file).startsWith(`assets${path.sep}`)
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
    globIgnore: ['index.html', '.*'],
    schemaHide: true,
  })
  app.get('/*', { schema: { hide: true } }, (request, reply) => {
    if (/^\/(api|healthz|readyz)(\/|\?|$)/.test(request.url)) throw notFound('page')
    const nonce = randomBytes(16).toString('base64')
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', contentSecurityPolicy(nonce))
      .header('cache-control', 'no-store')
      .send(page.replace('%NONCE%', nonce))
  })
}
