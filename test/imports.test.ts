import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Which code each part may use, besides its own. Types may be imported anywhere in src/, because
 * they do not exist at run time. `changes` imports nothing from other parts, not even types.
 */
const mayUse: Record<string, string[]> = {
  'src/changes': [],
  // What a source reads becomes a change; it knows no database and no network.
  'src/sources': ['src/changes', 'src/incidents', 'src/json.ts'],
  // What an incident is, and its answer: pure.
  'src/incidents': ['src/changes', 'src/connections'],
  // What a connection is: pure, so that workflows may use it too.
  'src/connections': [],
  'src/config': [],
  'src/workflows': ['src/connections'],
  'src/embedded': [],
  'src/temporal': ['src/workflows'],
  'src/aws': ['src/connections', 'src/json.ts'],
  'src/db': ['src/changes', 'src/connections', 'src/incidents', 'src/reuse.ts'],
  // What a process starts and stops: it puts the parts together.
  'src/process': ['src'],
  'src/integrations': ['src/changes', 'src/db'],
  'src/auth': ['src/db'],
  'src/activities': [
    'src/aws',
    'src/changes',
    'src/connections',
    'src/db',
    'src/integrations',
    'src/sources',
    'src/workflows',
  ],
  'src/api': [
    'src/aws/documents',
    'src/aws/trust-review',
    // Pure, and pasted policies are judged during a request.
    'src/aws/role-arn.ts',
    'src/aws/regions.ts',
    'src/aws/unusable-role.ts',
    'src/auth',
    'src/changes',
    'src/connections',
    'src/db',
    'src/incidents',
    'src/integrations',
    'src/reuse.ts',
    'src/sources',
    'src/temporal/errors.ts',
  ],
  // What puts the parts together.
  src: ['src'],
  simulator: [],
  // What tests, scripts, bench and chaos share.
  testing: ['src', 'simulator'],
}

/** Workflow code is bundled and replayed: only deterministic code is allowed. */
const workflowPackages = ['@temporalio/workflow', '@temporalio/common']

interface Import {
  specifier: string
  typeOnly: boolean
}

function importsOf(source: string): Import[] {
  const statements =
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
  return [...source.matchAll(statements)].map(([, type, specifier, dynamic]) => ({
    specifier: (specifier ?? dynamic)!,
    typeOnly: type !== undefined,
  }))
}

/** @returns the imports of a file, by its path from the root, that go the wrong way */
function forbidden(file: string, source: string): string[] {
  const part = Object.keys(mayUse)
    .filter((name) => isWithin(file, name))
    .sort((a, b) => b.length - a.length)[0]
  if (part === undefined) throw new Error(`${file} belongs to no part`)
  return importsOf(source)
    .filter(({ specifier, typeOnly }) => {
      if (!specifier.startsWith('.')) {
        return part === 'src/workflows' && !typeOnly && !workflowPackages.includes(specifier)
      }
      const target = path.posix.join(path.posix.dirname(file), specifier)
      if ([part, ...mayUse[part]!].some((name) => isWithin(target, name))) return false
      const typesWithinSrc = typeOnly && isWithin(part, 'src') && isWithin(target, 'src')
      return !typesWithinSrc || part === 'src/changes'
    })
    .map(({ specifier }) => `${file} imports ${specifier}`)
}

/** @returns the files of the repository that a file imports, types included */
function importedFiles(file: string, source: string): string[] {
  return importsOf(source)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => path.posix.join(path.posix.dirname(file), specifier))
}

/**
 * @param graph each file, and the files it imports
 * @returns the shortest circle through each file that no earlier circle contains
 */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[][] = []
  for (const start of graph.keys()) {
    if (found.some((circle) => circle.includes(start))) continue
    const circle = shortestWayBack(graph, start)
    if (circle) found.push(circle)
  }
  return found.map((circle) => [...circle, circle[0]].join(' > '))
}

function shortestWayBack(
  graph: ReadonlyMap<string, readonly string[]>,
  start: string,
): string[] | undefined {
  const visited = new Set([start])
  const ways = [[start]]
  // Breadth first: the ways at the front are the shortest.
  for (const way of ways) {
    for (const next of graph.get(way.at(-1)!) ?? []) {
      if (next === start) return way
      if (visited.has(next)) continue
      visited.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

function isWithin(file: string, directory: string): boolean {
  return file === directory || file.startsWith(`${directory}/`)
}

test('every folder of src/ has its own rule', () => {
  const folders = globSync('src/*/', { cwd: root }).map((folder) =>
    folder.split(path.sep).join('/'),
  )
  expect(folders.length).toBeGreaterThan(10)
  expect(folders.filter((folder) => !(folder.replace(/\/$/, '') in mayUse))).toEqual([])
})

test.each(['main', 'server', 'worker'])(
  'the entry point src/%s.ts has fewer than 60 lines',
  (name) => {
    expect(readFileSync(path.join(root, `src/${name}.ts`), 'utf8').split('\n').length).toBeLessThan(
      60,
    )
  },
)

test('imports follow the rules', () => {
  const files = globSync(['{src,testing}/**/*.{ts,mjs}', 'simulator/**/*.ts'], { cwd: root })
  expect(files.length).toBeGreaterThan(20)
  expect(
    files.flatMap((file) => forbidden(file, readFileSync(path.join(root, file), 'utf8'))),
  ).toEqual([])
})

describe('imports contain no circle', () => {
  test('in any code of the repository', () => {
    const files = globSync(
      '{src,simulator,scripts,testing,bench,chaos,web,test}/**/*.{ts,tsx,mjs}',
      {
        cwd: root,
      },
    ).filter((file) => !/(^|\/)(node_modules|dist)\//.test(file))
    for (const folder of ['src', 'simulator', 'scripts', 'chaos', 'testing', 'web/src', 'test']) {
      expect(files.some((file) => isWithin(file, folder))).toBe(true)
    }
    const graph = new Map(
      files.map((file) => [file, importedFiles(file, readFileSync(path.join(root, file), 'utf8'))]),
    )
    expect(circles(graph)).toEqual([])
  })

  test.each([
    ['of one file', { 'a.ts': `import './a.ts'` }, ['a.ts > a.ts']],
    [
      'of types',
      {
        'src/db/a.ts': `import type { B } from './b.ts'`,
        'src/db/b.ts': `import { a } from './a.ts'`,
      },
      ['src/db/a.ts > src/db/b.ts > src/db/a.ts'],
    ],
    [
      'across folders, behind a file that is not part of it',
      {
        'scripts/a.ts': `import { b } from '../src/b.ts'`,
        'src/b.ts': `export * from './c.ts'`,
        'src/c.ts': `const d = await import('./d.ts')`,
        'src/d.ts': `import { b } from './b.ts'`,
      },
      ['src/b.ts > src/c.ts > src/d.ts > src/b.ts'],
    ],
  ])('but a circle %s is detected', (_name, sources, expected) => {
    const graph = new Map(
      Object.entries(sources).map(([file, source]) => [file, importedFiles(file, source)]),
    )
    expect(circles(graph)).toEqual(expected)
  })

  test('and two paths to one file are not a circle', () => {
    const graph = new Map([
      ['a.ts', ['b.ts', 'c.ts']],
      ['b.ts', ['d.ts']],
      ['c.ts', ['d.ts']],
      ['d.ts', []],
    ])
    expect(circles(graph)).toEqual([])
  })
})

describe('a forbidden import', () => {
  test.each([
    ['src/changes/change.ts', `import { sql } from '../db/database.ts'`],
    ['src/changes/change.ts', `import type { Row } from '../db/schema.ts'`],
    ['src/changes/change.ts', `import { readRecord } from '../sources/cloudtrail/read-record.ts'`],
    ['src/sources/cloudtrail/actor.ts', `import { sql } from '../../db/database.ts'`],
    ['src/workflows/life.ts', `import {\n  a,\n  b,\n} from '../db/connections.ts'`],
    ['src/workflows/life.ts', `import pg from 'pg'`],
    ['src/workflows/life.ts', `import { readFile } from 'node:fs/promises'`],
    ['src/aws/access.ts', `export { a } from '../activities/index.ts'`],
    ['src/db/coverage.ts', `const a = await import('../api/routes.ts')`],
    ['src/api/routes/changes.ts', `import { access } from '../../aws/access.ts'`],
    ['src/api/server.ts', `import '../embedded/postgres.ts'`],
    ['src/main.ts', `import { start } from '../simulator/http.ts'`],
    ['src/main.ts', `import type { Ledger } from '../simulator/ledger.ts'`],
    ['simulator/http.ts', `import { run } from '../src/embedded/tools.ts'`],
    ['simulator/http.ts', `import { help } from '../testing/database.ts'`],
    ['src/main.ts', `import { startCairnProcess } from '../testing/cairn.ts'`],
    ['src/db/changes.ts', `import type { TestDatabase } from '../../testing/database.ts'`],
    ['testing/cairn.ts', `import { run } from '../scripts/bench.ts'`],
    ['testing/cairn.ts', `import { expected } from '../test/fixtures/toy-source/source.ts'`],
  ])('is reported: %s: %s', (file, source) => {
    expect(forbidden(file, `const x = 1\n${source}\n`)).toHaveLength(1)
  })

  test.each([
    ['src/changes/change.ts', `import { a } from './text.ts'`],
    ['src/workflows/life.ts', `import type { Row } from '../db/schema.ts'`],
    ['src/workflows/life.ts', `import { sleep } from '@temporalio/workflow'`],
    ['src/api/routes/setup.ts', `import { policy } from '../../aws/documents/trust.ts'`],
    ['src/main.ts', `import { start } from './embedded/postgres.ts'`],
  ])('is different from an allowed one: %s: %s', (file, source) => {
    expect(forbidden(file, source)).toEqual([])
  })
})
