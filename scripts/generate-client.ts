/**
 * Makes the web app's client from the API's own description: `node scripts/generate-client.ts`,
 * after a route or a schema has changed. A test fails if that was forgotten.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateSource } from 'oazapfts'
import { pino } from 'pino'
import { createApp } from '../src/api/app.ts'
import type { ApiContext } from '../src/api/context.ts'
import { runCommand } from '../src/command.ts'

export const clientFile = fileURLToPath(new URL('../web/src/client.ts', import.meta.url))

/** The client's source. It needs no database, only the routes. */
export async function generateClient(): Promise<string> {
  const app = await createApp({} as ApiContext, { logger: pino({ level: 'silent' }) })
  await app.ready()
  const document = JSON.parse(JSON.stringify(app.swagger()), forGenerator)
  await app.close()
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-client-'))
  try {
    const file = path.join(folder, 'openapi.json')
    writeFileSync(file, JSON.stringify(document))
    return withApiNames(await generateSource(file, { optimistic: true }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * The generator renames parameters that are no identifiers: `from` to `$from` and `service!` to
 * `serviceQuery`. With this, a filter has one name everywhere.
 */
function withApiNames(source: string): string {
  return source
    .split(/(?=^export function )/m)
    .map((text) => {
      const renamed = [...text.matchAll(/^ +"(\w+!|from)": (\$?\w+),?$/gm)]
      return renamed.reduce(
        (changed, [, name, identifier]) =>
          changed
            .replace(`, ${identifier}, `, `, "${name}": ${identifier}, `)
            .replace(`{ ${identifier}, `, `{ "${name}": ${identifier}, `)
            .replace(`, ${identifier} }`, `, "${name}": ${identifier} }`)
            .replace(`    ${identifier}?: `, `    "${name}"?: `),
        text,
      )
    })
    .join('')
}

/**
 * The generator does not support tuples, and would generate an empty type for them. Problems are thrown,
 * so the types of answers need not mention them.
 */
function forGenerator(name: string, value: Record<string, unknown> | null) {
  if (Array.isArray(value?.prefixItems)) return { type: 'array', items: value.prefixItems[0] }
  // A property of a schema can have this name as well.
  const isByStatus = name === 'responses' && value !== null && !('type' in value)
  if (!isByStatus) return value
  return Object.fromEntries(Object.entries(value).filter(([status]) => status.startsWith('2')))
}

if (import.meta.main) runCommand(async () => writeFileSync(clientFile, await generateClient()))
