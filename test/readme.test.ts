import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
}

test('every document that is named here exists', () => {
  expect(documents).toEqual(
    expect.arrayContaining(['CONTRIBUTING.md', 'README.md', 'docs/architecture.md']),
  )
})

test.each(documents)('%s: every link within the project has a target', (document) => {
  const links = [...read(document).matchAll(/\]\((?![a-z]+:)([^)\s]*)\)/g)].map(([, link]) => link!)
  const broken = links.filter((link) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? document : path.join(path.dirname(document), file)
    if (!existsSync(path.join(root, target))) return true
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
  })
  expect(broken).toEqual([])
})

test.each(documents)('%s: every command that it names exists', (document) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const text = read(document)
  const npm = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name!)
  expect(npm.filter((name) => !(name in scripts))).toEqual([])
  const files = [...text.matchAll(/\bnode ((?:scripts|src)\/[\w./-]+)/g)].map(([, file]) => file!)
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([])
})

test('docs/architecture.md lists every folder and file of src/', () => {
  const [layout] = /```\nsrc\/[\s\S]*?\n```/.exec(read('docs/architecture.md'))!
  const names = globSync(['src/*/', 'src/*.ts'], { cwd: root, withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  )
  expect(names.length).toBeGreaterThan(25)
  expect(names.filter((name) => !layout.includes(` ${name} `))).toEqual([])
})

// Documents name files and code, and a name that no longer exists misleads the reader.
test.each(documents)('%s: every project file that it names exists', (document) => {
  const named = [...read(document).matchAll(/`((?:src|test|simulator|scripts|docs)\/[\w./-]+)`/g)]
    .map(([, file]) => file!)
    // A word in capitals stands for any name: NNN-what.ts.
    .filter((file) => !/\b[A-Z]{3,}\b/.test(file))
  const absent = named.filter((file) => !existsSync(path.join(root, file)))
  expect(absent).toEqual([])
})
