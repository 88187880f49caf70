import { createHash, randomUUID } from 'node:crypto'
import { globSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const root = path.resolve(import.meta.dirname, '../..')
const cache = path.join(root, 'node_modules', '.cache', 'workflows')

let bundle: Promise<{ code: string }> | undefined

/**
 * The workflow code as one bundle. webpack takes a second and a half for it, so it is kept beside
 * the packages, under a hash of the code that it was built from: another version of Cairn or of a
 * package builds another one.
 */
export function bundleWorkflows(): Promise<{ code: string }> {
  bundle ??= cachedBundle()
  return bundle
}

async function cachedBundle(): Promise<{ code: string }> {
  const file = path.join(cache, `${await hashOfCode()}.js`)
  const kept = await readKept(file)
  if (kept !== undefined) return { code: kept }
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(root, 'src/workflows/index.ts'),
    // webpack logs much that is not useful for an operator.
    logger: new DefaultLogger('WARN'),
  })
  await keep(file, code)
  return { code }
}

/** Of everything that can be in the bundle: workflows import from other folders, and from packages. */
async function hashOfCode(): Promise<string> {
  const names = globSync(['src/**/*.ts', 'package-lock.json'], { cwd: root }).sort()
  const hash = createHash('sha256')
  for (const name of names) hash.update(`${name}\n`).update(await readFile(path.join(root, name)))
  return hash.digest('hex').slice(0, 32)
}

/** @returns undefined if there is none, or it is not whole: a machine may lose power while it is written */
async function readKept(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const code = text.slice(text.indexOf('\n') + 1)
  return text === withDigest(code) ? code : undefined
}

const withDigest = (code: string) =>
  `// ${createHash('sha256').update(code).digest('hex')}\n${code}`

/**
 * Instead of those of other versions. Only an optimization: an installation whose directory is
 * read-only builds at each start.
 */
async function keep(file: string, code: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`
  try {
    await mkdir(cache, { recursive: true })
    await writeFile(unfinished, withDigest(code))
    await rename(unfinished, file)
    for (const name of await readdir(cache))
      if (name !== path.basename(file)) await rm(path.join(cache, name), { force: true })
  } catch {}
}
