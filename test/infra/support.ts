import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CollectionTag, parse as parseYaml, type ScalarTag, type YAMLSeq } from 'yaml'
import { parseHcl } from '../../testing/hcl.ts'

export const infra = fileURLToPath(new URL('../../infra', import.meta.url))

export const read = (file: string) => readFileSync(path.join(infra, file), 'utf8')

// biome-ignore lint/suspicious/noExplicitAny: the tests state what a template contains
export type Json = any

/** CloudFormation's short forms, read as what they are short for. */
const shortForms = ['Ref', 'Sub', 'If', 'Equals', 'Not', 'GetAtt'].flatMap(
  (name): (ScalarTag | CollectionTag)[] => {
    const tag = `!${name}`
    const key = name === 'Ref' ? name : `Fn::${name}`
    return [
      { tag, resolve: (value) => ({ [key]: value }) },
      { tag, collection: 'seq', resolve: (seq) => ({ [key]: (seq as YAMLSeq).toJSON() }) },
    ]
  },
)

export function readTemplate(file: string): Json {
  return parseYaml(read(file), { customTags: shortForms })
}

/**
 * What CloudFormation makes of a part of a template. Knows the functions that ours use.
 *
 * @param given values of parameters and pseudo parameters; lists where the type is a list
 */
export function evaluate(template: Json, part: Json, given: Record<string, unknown>): Json {
  const value = (name: string): Json => {
    if (name in given) return given[name]
    const parameter = template.Parameters[name]
    if (parameter?.Default === undefined) throw new Error(`${name} has no value`)
    return parameter.Type === 'CommaDelimitedList'
      ? parameter.Default.split(',')
      : parameter.Default
  }
  const functions: Record<string, (argument: Json) => Json> = {
    Ref: (name) => (name === 'AWS::NoValue' ? undefined : value(name)),
    'Fn::Sub': (text) =>
      text.replaceAll(/\$\{([\w:]+)\}/g, (_: string, name: string) => value(name)),
    'Fn::If': ([name, yes, no]) => go(go(template.Conditions[name]) ? yes : no),
    'Fn::Equals': ([a, b]) => go(a) === go(b),
    'Fn::Not': ([condition]) => !go(condition),
    'Fn::Contains': ([list, item]) => go(list).includes(go(item)),
  }
  const go = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(go)
    if (node === null || typeof node !== 'object') return node
    const [[key, argument] = [], ...others] = Object.entries(node)
    if (key !== undefined && others.length === 0 && functions[key]) return functions[key](argument)
    const entries = Object.entries(node).map(([name, child]) => [name, go(child)] as const)
    return Object.fromEntries(entries.filter(([, child]) => child !== undefined))
  }
  return go(part)
}

/** Whether CloudFormation takes a value for a parameter: its pattern has to match the whole of it. */
export function takes(parameter: Json, value: string): boolean {
  const { AllowedPattern, MinLength = 0, MaxLength = Number.POSITIVE_INFINITY } = parameter
  const whole = AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(value)
  return whole && value.length >= MinLength && value.length <= MaxLength
}

/** A module's files as one, in the JSON form of HashiCorp's parser: expressions stay text. */
export async function readModule(folder: string): Promise<Json> {
  const files = globSync('*.tf', { cwd: path.join(infra, folder) })
  const parsed = await Promise.all(files.map((file) => parseHcl(file, read(`${folder}/${file}`))))
  const all: Json = {}
  for (const [kind, blocks] of parsed.flatMap((file) => Object.entries<Json>(file))) {
    all[kind] = Array.isArray(blocks)
      ? [...(all[kind] ?? []), ...blocks]
      : { ...all[kind], ...blocks }
  }
  return all
}

/** The cells of the table below a heading, without its first two rows. */
export function tableBelow(markdown: string, heading: string): string[][] {
  const section = markdown.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}
