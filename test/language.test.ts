import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { parseAst } from 'vite'
import { describe, expect, test } from 'vitest'
import { createApp } from '../src/api/app.ts'
import type { ApiContext } from '../src/api/context.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What no text for people may contain, and what to write instead. */
const archaic: [pattern: RegExp, instead: string][] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\banew\b/i, 'again'],
  [/\bwho(m|so)?ever\b/i, 'anyone who, the person who'],
  [/\bwhom\b/i, 'the user, role or account that'],
  [/\bwhatever\b/i, 'any, what'],
  [/\btold\b/i, 'reported, shown'],
  [/\btell(s|ing)?\b/i, 'show, report, return'],
  [/\bby (it|them)sel(f|ves)\b/i, 'automatically'],
  [/\b(no|some|any|every)body\b/i, 'a role, or no one, someone, anyone, everyone'],
  [/\bby now\b/i, 'now'],
  [/\bas it came\b/i, 'unchanged'],
  [/\b(works?|is|are) (no more|not any more)\b/i, 'no longer'],
  [/\bknow(s|n)? of\b/i, 'know'],
  [/\bheed(s|ed)?\b/i, 'handle'],
  [/, for (it|they|that|there|he|she|we|nothing|what|one|such|this|these)\b/i, 'because'],
  [/\b(lest|hence|whence|thence|upon|whilst|amongst|thereof|naught)\b/i, 'a modern word'],
  [/\bof (yours|ours|theirs)\b/i, 'your, our, their'],
  [/\bpresent (password|state)\b/i, 'current'],
  [/\b(make|makes|made) (a|an|the|one|another) (key|link|account|connection)\b/i, 'create'],
  [/\b(look|looks) again\b/i, 'refresh, retry'],
  [/\bstrangers?\b/i, 'untrusted'],
  [/\bcomplete through\b/i, 'up to date as of'],
  [/\bnot so\b/i, 'not'],
  [/\bGive it some\b/i, 'Set'],
  [/\bthere is no such\b/i, 'no such, not found'],
]

/** The same for the words of identifiers. */
const archaicNames: typeof archaic = [
  [/\b(mend(s|ed|ing)?|anew|told|tell(s|ing)?|heed(s|ed)?|troubles?|welcome)\b/i, 'a modern verb'],
  [/\b(whom|who(m|so)?ever|whatever|(no|some|any|every)body)\b/i, 'a noun'],
]

interface Text {
  /** A path from the root with a line, or a place in the OpenAPI document. */
  where: string
  text: string
}

/** `where: "word" in "text"; write: instead` for each archaic word. */
function findingsIn(texts: Text[], patterns = archaic): string[] {
  return texts.flatMap(({ where, text }) =>
    patterns.flatMap(([pattern, instead]) => {
      const [word] = pattern.exec(text) ?? []
      return word
        ? [`${where}: "${word}" in "${text.trim().slice(0, 120)}"; write: ${instead}`]
        : []
    }),
  )
}

interface Node {
  type: string
  start: number
  name?: unknown
  value?: unknown
  callee?: Node
  object?: Node
  tag?: Node
  arguments?: Node[]
}

/** Calls `visit` with each node, and skips the children of a node for which it returns false. */
function walk(node: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit)
    return
  }
  if (typeof node !== 'object' || node === null || !visit(node as Node)) return
  for (const child of Object.values(node)) walk(child, visit)
}

const parse = (file: string, source: string) =>
  parseAst(source, { lang: file.endsWith('x') ? 'tsx' : 'ts' }, file)

const placeIn = (file: string, source: string, start: number) =>
  `${file}:${source.slice(0, start).split('\n').length}`

/** The text of a string literal, a JSX text or a part of a template. */
function textOf({ type, value }: Node): string | undefined {
  if (type === 'TemplateElement') return (value as { cooked: string }).cooked
  const isText = type === 'Literal' || type === 'JSXText'
  return isText && typeof value === 'string' ? value : undefined
}

/** The string literals, template texts and JSX texts of a source file that are prose. */
function textsOfSource(file: string, source: string): Text[] {
  const texts: Text[] = []
  walk(parse(file, source), (node) => {
    const text = textOf(node)
    if (text && /[a-z] [a-z]/i.test(text)) {
      const where = placeIn(file, source, node.start)
      texts.push({ where, text: text.replaceAll(/\s+/g, ' ') })
    }
    return !/Import|Export.*Declaration/.test(node.type) || node.type.startsWith('ExportNamed')
  })
  return texts
}

/** The titles of a test file: the first arguments of `test(…)`, `describe.each(…)(…)` and such. */
function titlesOfTests(file: string, source: string): Text[] {
  const texts: Text[] = []
  walk(parse(file, source), (node) => {
    if (node.type === 'CallExpression' && isTestFunction(node.callee)) {
      walk(node.arguments?.[0], (part) => {
        const text = part.type === 'ArrayExpression' ? undefined : textOf(part)
        if (text) texts.push({ where: placeIn(file, source, part.start), text })
        return part.type !== 'ArrayExpression'
      })
    }
    return true
  })
  return texts
}

/** Whether a callee is `test`, `describe` or `it`, or derived from one: `test.skipIf(…)`. */
function isTestFunction(callee: Node | undefined): boolean {
  if (callee?.type === 'Identifier') return /^(test|describe|it)$/.test(String(callee.name))
  return callee !== undefined && isTestFunction(callee.object ?? callee.callee ?? callee.tag)
}

/** The identifiers of a source file, as separate words. */
function namesOfSource(file: string, source: string): Text[] {
  const texts: Text[] = []
  walk(parse(file, source), (node) => {
    if (/^(JSX)?Identifier$/.test(node.type) && typeof node.name === 'string') {
      const text = node.name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' ')
      texts.push({ where: placeIn(file, source, node.start), text })
    }
    return true
  })
  return texts
}

/** The comments of a source file: blocks, and lines that contain nothing else. Without code. */
function textsOfComments(file: string, source: string): Text[] {
  return [...source.matchAll(/(?<=^|[\s{(])\/\*[\s*][\s\S]*?\*\/|^[ \t]*\/\/.*$/gm)].map(
    ({ 0: comment, index }) => ({
      where: `${file}:${source.slice(0, index).split('\n').length}`,
      text: comment.replaceAll(/`[^`]+`/g, '`code`').replaceAll(/\s*\n\s*\*?\s*/g, ' '),
    }),
  )
}

/** Prose paragraphs of a Markdown file, without code. */
function textsOfMarkdown(file: string, source: string): Text[] {
  const prose = source
    .replaceAll(/^ *```[\s\S]*?^ *```/gm, (code) => code.replaceAll(/[^\n]/g, ''))
    .replaceAll(/`[^`\n]+`/g, '`code`')
  return prose.split('\n').map((text, index) => ({ where: `${file}:${index + 1}`, text }))
}

/** Every summary, description and title of the OpenAPI document. */
function textsOfOpenApi(document: unknown): Text[] {
  const texts: Text[] = []
  const visit = (node: unknown, where: string) => {
    if (typeof node !== 'object' || node === null) return
    for (const [name, value] of Object.entries(node)) {
      const isText = ['summary', 'description', 'title'].includes(name)
      if (isText && typeof value === 'string')
        texts.push({ where: `${where}/${name}`, text: value })
      else visit(value, `${where}/${name}`)
    }
  }
  visit(document, 'openapi')
  return texts
}

function filesOf(...patterns: string[]): string[] {
  return patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => file !== 'web/src/client.ts')
    .sort()
}

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

const sources = filesOf(
  'src/**/*.ts',
  'web/src/**/*.{ts,tsx}',
  'scripts/**/*.{ts,mjs}',
  'chaos/**/*.ts',
  'simulator/**/*.ts',
)
/** Their strings may be hostile or archaic on purpose, so only titles and comments are checked. */
const tests = filesOf('test/**/*.ts', 'testing/**/*.ts', 'bench/**/*.ts')
const documents = filesOf('*.md', 'docs/**/*.md', 'infra/**/*.md', 'chaos/*.md')

function findingsOfFile(file: string): string[] {
  const text = read(file)
  if (file.endsWith('.md')) return findingsIn(textsOfMarkdown(file, text))
  const prose = tests.includes(file) ? titlesOfTests(file, text) : textsOfSource(file, text)
  return [
    ...findingsIn([...prose, ...textsOfComments(file, text)]),
    ...findingsIn(namesOfSource(file, text), archaicNames),
  ]
}

describe('texts are plain modern English', () => {
  test.each([...sources, ...tests, ...documents])('in %s', (file) => {
    expect(findingsOfFile(file)).toEqual([])
  })

  test('in the OpenAPI document', async () => {
    const app = await createApp({} as ApiContext, { logger: pino({ level: 'silent' }) })
    await app.ready()
    const texts = textsOfOpenApi(JSON.parse(JSON.stringify(app.swagger())))
    await app.close()
    expect(texts.length).toBeGreaterThan(200)
    expect(findingsIn(texts)).toEqual([])
  })
})

describe('the check', () => {
  test.each([
    ['JSX text', 'export const A = () => <p>Its turn did not come: mend it.</p>', 'mend'],
    ['an attribute', 'export const A = () => <B label="Whoever has it" />', 'Whoever'],
    ['a string', "export const a = { detail: 'Nobody is signed in.' }", 'Nobody'],
    ['a template', 'export const a = `It is told later`', 'told'],
    ['"for" as because', "export const a = 'Wait, for it is late.'", ', for it'],
  ])('finds archaic words in %s', (_what, source, word) => {
    const findings = findingsIn(textsOfSource('a.tsx', source))
    expect(findings[0]).toContain(`a.tsx:1: "${word}"`)
  })

  test('finds them in the titles of tests, but not in their data', () => {
    const source = [
      "describe.each([['nobody']])('whom it concerns %s', () => {",
      "  test.skipIf(isSlow)(`what was told`, () => expect('mend it').toBe('mend it'))",
      '})',
    ].join('\n')
    expect(findingsIn(titlesOfTests('a.ts', source))).toEqual([
      expect.stringContaining('a.ts:1: "whom"'),
      expect.stringContaining('a.ts:2: "told"'),
    ])
  })

  test('finds them in identifiers', () => {
    const source = "const mendedRows = { to_whom: 'mended', retell: 1 }\n"
    expect(findingsIn(namesOfSource('a.ts', source), archaicNames)).toEqual([
      expect.stringContaining('a.ts:1: "mended"'),
      expect.stringContaining('a.ts:1: "whom"'),
    ])
  })

  test('finds them in comments, but not in code', () => {
    const source = '/** It is\n * told. `mend` */\nconst anew = 1\n  // Whoever asks.\n'
    expect(findingsIn(textsOfComments('a.ts', source))).toEqual([
      expect.stringContaining('a.ts:1: "told"'),
      expect.stringContaining('a.ts:4: "Whoever"'),
    ])
  })

  test('finds them in Markdown, but not in code', () => {
    const text = 'It works by itself.\n\n```\nmend anew\n```\n\nRun `told` for it.\n'
    const findings = findingsIn(textsOfMarkdown('a.md', text))
    expect(findings).toEqual([expect.stringContaining('a.md:1: "by itself"')])
  })

  test('finds them in an OpenAPI document', () => {
    const document = { paths: { '/a': { get: { summary: 'Tells what is there' } } } }
    expect(findingsIn(textsOfOpenApi(document))).toEqual([
      expect.stringContaining('openapi/paths//a/get/summary: "Tells"'),
    ])
  })

  test('leaves identifiers, code and plain English alone', () => {
    const source =
      "export const a = { key: 'tellings', hint: 'Wait for it. Return it to everyone.' }"
    expect(findingsIn(textsOfSource('a.ts', source))).toEqual([])
  })
})
