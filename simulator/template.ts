/**
 * CloudFormation's template language, as far as templates of IAM roles use it: from a template's text and its
 * parameters to the properties of each resource. It knows no template and touches nothing.
 *
 * Not simulated, and refused rather than misjudged: transforms, rules, imported values, dynamic references, and
 * parameter types that look something up.
 */

import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { AwsError } from './errors.ts'

/** A template contains strings, lists and maps: numbers and booleans stay as written. */
type Value = string | Value[] | { [key: string]: Value }
type ValueMap = { [key: string]: Value }

interface TemplateParameter {
  key: string
  type: 'String' | 'Number' | 'CommaDelimitedList'
  description?: string | undefined
  default?: string | undefined
  noEcho: boolean
  allowedPattern?: string | undefined
  allowedValues?: string[] | undefined
  constraintDescription?: string | undefined
  minLength?: number | undefined
  maxLength?: number | undefined
  minValue?: number | undefined
  maxValue?: number | undefined
}

interface TemplateResource {
  type: string
  properties: ValueMap
  dependsOn: string[]
  condition?: string
  retain: boolean
}

interface TemplateOutput {
  value: Value
  description?: string
  exportName?: Value
  condition?: string
}

export interface Template {
  description?: string
  parameters: TemplateParameter[]
  mappings: ValueMap
  conditions: ValueMap
  resources: Map<string, TemplateResource>
  outputs: Map<string, TemplateOutput>
}

/** The values of the pseudo parameters `AWS::…`. */
interface StackContext {
  accountId: string
  partition: string
  region: string
  stackName: string
  stackId: string
}

/** An existing resource: its values for Ref and Fn::GetAtt. */
export interface Made {
  ref: string
  attributes: Record<string, string>
}

interface PlannedResource {
  logicalId: string
  type: string
  /** It is retained when the stack is deleted. */
  retain: boolean
  /** Its properties, given the resources before it. @throws AwsError ValidationError */
  properties(made: ReadonlyMap<string, Made>): ValueMap
}

export interface Output {
  key: string
  value: string
  description?: string
  exportName?: string
}

export interface Plan {
  /** In the template's order, as they are shown: the value of a NoEcho parameter is `****`. */
  parameters: { key: string; value: string }[]
  /** Those whose condition is true, each after those that it refers to. */
  resources: PlannedResource[]
  outputs(made: ReadonlyMap<string, Made>): Output[]
}

/** The most that TemplateBody takes, in bytes. */
const MAX_TEMPLATE_BYTES = 51_200
/** The maximum length of a text that functions produce, in characters. Nested functions could exceed any length. */
const MAX_TEXT = 131_072
/** More than any real template, and far below what would overflow the call stack. */
const MAX_DEPTH = 100

const NO_VALUE = Symbol('AWS::NoValue')

const conditionFunctions = ['Fn::Equals', 'Fn::And', 'Fn::Or', 'Fn::Not', 'Condition']
const functions = ['Sub', 'GetAtt', 'If', 'Join', 'Select', 'Split', 'FindInMap']
const shortTags = new Map(
  [...functions, 'Equals', 'And', 'Or', 'Not']
    .map((name) => [`!${name}`, `Fn::${name}`] as [string, string])
    .concat([
      ['!Ref', 'Ref'],
      ['!Condition', 'Condition'],
    ]),
)
const plainTags = ['str', 'seq', 'map'].map((name) => `tag:yaml.org,2002:${name}`)
const valueFunctions = new Set(['Ref', ...functions.map((name) => `Fn::${name}`)])

/**
 * Reads a template, YAML or JSON.
 *
 * @throws AwsError ValidationError, worded as CloudFormation words it
 */
export function readTemplate(text: string): Template {
  if (text === '' || Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
    const bound =
      text === '' ? 'greater than or equal to 1' : `less than or equal to ${MAX_TEMPLATE_BYTES}`
    const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
    throw invalid(
      `1 validation error detected: Value '${shown}' at 'templateBody' failed to satisfy constraint: Member must have length ${bound}`,
    )
  }
  const root = parse(text)
  if (!isValueMap(root)) throw format('unsupported structure.')
  const sections = [
    'AWSTemplateFormatVersion',
    'Description',
    'Metadata',
    'Parameters',
    'Mappings',
    'Conditions',
    'Resources',
    'Outputs',
    'Rules',
    'Transform',
    'Hooks',
  ]
  const unknown = Object.keys(root).filter((key) => !sections.includes(key))
  if (unknown.length > 0)
    throw invalid(`Invalid template property or properties [${unknown.join(', ')}]`)
  for (const section of ['Rules', 'Transform', 'Hooks']) {
    if (section in root) throw format(`${section} is not simulated.`)
  }
  const version = root.AWSTemplateFormatVersion
  if (version !== undefined && version !== '2010-09-09') {
    throw format('Unsupported AWSTemplateFormatVersion. Only 2010-09-09 is supported.')
  }
  const section = (name: string): ValueMap => mapOf(root[name] ?? {}, `${name} section`)
  const resources = Object.entries(section('Resources')).map(
    ([key, value]) => [key, readResource(key, value)] as const,
  )
  if (resources.length === 0) throw format('At least one Resources member must be defined.')
  const unrecognized = new Set(
    resources
      .map(([, { type }]) => type)
      .filter((type) => !/^(AWS::\w+::\w+|Custom::[\w@-]+|\w+::\w+::\w+(::MODULE)?)$/.test(type)),
  )
  if (unrecognized.size > 0) {
    throw format(`Unrecognized resource types: [${[...unrecognized].join(', ')}]`)
  }
  return {
    ...(root.Description !== undefined && { description: textOf(root.Description, 'Description') }),
    parameters: Object.entries(section('Parameters')).map(([key, value]) =>
      readParameter(key, value),
    ),
    mappings: section('Mappings'),
    conditions: section('Conditions'),
    resources: new Map(resources),
    outputs: new Map(
      Object.entries(section('Outputs')).map(([key, value]) => [key, readOutput(key, value)]),
    ),
  }
}

/**
 * Decides what a stack of this template consists of.
 *
 * @param given parameter values by name; of a list, joined with commas
 * @param attributesOf the attributes of a type for Fn::GetAtt; undefined for an unknown type
 * @throws AwsError ValidationError: parameters, references and conditions are checked before anything is created
 */
export function planStack(
  template: Template,
  given: ReadonlyMap<string, string>,
  context: StackContext,
  attributesOf: (type: string) => readonly string[] | undefined,
): Plan {
  const values = parameterValues(template.parameters, given)
  const scope = new Scope(template, values, context)
  const present = new Map(
    [...template.resources].filter(([, { condition }]) => scope.holds(condition)),
  )
  const check = (references: Iterable<Reference>, block: string): string[] => {
    const found: string[] = []
    const unresolved: string[] = []
    for (const { name, attribute } of references) {
      if (attribute === undefined && scope.names(name)) continue
      const resource = present.get(name)
      if (!resource) {
        unresolved.push(name)
        continue
      }
      const attributes = attributesOf(resource.type)
      if (attribute !== undefined && attributes && !attributes.includes(attribute)) {
        throw invalid(
          `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
        )
      }
      found.push(name)
    }
    if (unresolved.length > 0) {
      throw format(
        `Unresolved resource dependencies [${[...new Set(unresolved)].join(', ')}] in the ${block} block of the template`,
      )
    }
    return found
  }

  const needs = new Map<string, Set<string>>()
  for (const [logicalId, { properties, dependsOn }] of present) {
    // Every branch must name what the template has; only those taken make one resource wait for another.
    const named = [...references(properties), ...dependsOn.map((name) => ({ name }))]
    const strange = named.filter(({ name }) => !scope.names(name) && !template.resources.has(name))
    check(strange, 'Resources')
    const used = check(references(properties, scope), 'Resources')
    needs.set(logicalId, new Set([...used, ...dependsOn.filter((name) => present.has(name))]))
  }
  const outputs = [...template.outputs].filter(([, { condition }]) => scope.holds(condition))
  for (const [, { value, exportName = '' }] of outputs) {
    check(references([value, exportName], scope), 'Outputs')
  }

  return {
    parameters: template.parameters.map(({ key, noEcho }) => {
      const value = values.get(key)!
      const shown = Array.isArray(value) ? value.join(',') : value
      return { key, value: noEcho ? '****' : shown }
    }),
    resources: inOrder(needs).map((logicalId) => {
      const { type, properties, retain } = present.get(logicalId)!
      return {
        logicalId,
        type,
        retain,
        properties: (made) => mapOf(scope.evaluate(properties, made), `Properties of ${logicalId}`),
      }
    }),
    outputs: (made) =>
      outputs.map(([key, output]) => {
        const value = scope.evaluate(output.value, made)
        if (typeof value !== 'string') {
          throw format(
            `Output ${key} is malformed. The Value field of every Outputs member must evaluate to a String.`,
          )
        }
        const exportName = output.exportName && scope.evaluate(output.exportName, made)
        return {
          key,
          value,
          ...(output.description !== undefined && { description: output.description }),
          ...(typeof exportName === 'string' && { exportName }),
        }
      }),
  }
}

/** Parameters and pseudo parameters, and what expressions over them come to. */
class Scope {
  readonly #template: Template
  readonly #values: ReadonlyMap<string, string | string[]>
  readonly #pseudo: Map<string, string | typeof NO_VALUE | string[]>
  /** `undefined` while it is being decided. */
  readonly #conditions = new Map<string, boolean | undefined>()

  constructor(
    template: Template,
    values: ReadonlyMap<string, string | string[]>,
    { accountId, partition, region, stackName, stackId }: StackContext,
  ) {
    this.#template = template
    this.#values = values
    this.#pseudo = new Map<string, string | typeof NO_VALUE | string[]>([
      ['AWS::AccountId', accountId],
      ['AWS::NoValue', NO_VALUE],
      ['AWS::NotificationARNs', []],
      ['AWS::Partition', partition],
      ['AWS::Region', region],
      ['AWS::StackId', stackId],
      ['AWS::StackName', stackName],
      ['AWS::URLSuffix', partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'],
    ])
    for (const name of Object.keys(template.conditions)) this.holds(name)
  }

  /** Whether Ref finds it without any resource. */
  names(name: string): boolean {
    return this.#values.has(name) || this.#pseudo.has(name)
  }

  /** A condition by its name; what has none is always there. */
  holds(name: string | undefined): boolean {
    if (name === undefined) return true
    if (!Object.hasOwn(this.#template.conditions, name)) {
      throw format(`Unresolved condition dependency ${name} in the Resources block of the template`)
    }
    if (this.#conditions.has(name)) {
      const decided = this.#conditions.get(name)
      if (decided === undefined) throw format(`Circular dependency between conditions: [${name}]`)
      return decided
    }
    this.#conditions.set(name, undefined)
    const decided = this.#decide(this.#template.conditions[name]!)
    this.#conditions.set(name, decided)
    return decided
  }

  evaluate(value: Value, made: ReadonlyMap<string, Made> = new Map()): Value {
    const result = this.#evaluate(value, made)
    return result === NO_VALUE ? '' : result
  }

  #decide(value: Value): boolean {
    const [name, input] = callOf(value) ?? []
    if (name === 'Condition') return this.holds(textOf(input!, 'Condition'))
    if (name === undefined || !conditionFunctions.includes(name)) {
      throw format('Conditions can only be boolean operations on parameters and other conditions')
    }
    const list = listOf(input!, name)
    if (name === 'Fn::Equals') {
      if (list.length !== 2) throw wrongForm(name, 'a list of two elements')
      for (const { name: used } of references(list)) {
        if (!this.names(used)) {
          throw format(
            `Unresolved dependencies [${used}]. Cannot reference resources in the Conditions block of the template`,
          )
        }
      }
      const [left, right] = list.map((operand) => JSON.stringify(this.evaluate(operand)))
      return left === right
    }
    if (name === 'Fn::Not') {
      if (list.length !== 1) throw wrongForm(name, 'a list of one condition')
      return !this.#decide(list[0]!)
    }
    if (list.length < 2 || list.length > 10)
      throw wrongForm(name, 'a list of two to ten conditions')
    // All are evaluated, so that every error is reported.
    const decided = list.map((operand) => this.#decide(operand))
    return name === 'Fn::And' ? decided.every(Boolean) : decided.some(Boolean)
  }

  #evaluate(value: Value, made: ReadonlyMap<string, Made>): Value | typeof NO_VALUE {
    if (typeof value === 'string') return value
    if (Array.isArray(value)) {
      return value.map((item) => this.#evaluate(item, made)).filter((item) => item !== NO_VALUE)
    }
    const call = callOf(value)
    if (call && valueFunctions.has(call[0])) return this.#call(call, made)
    if (call && call[0] !== 'Condition') {
      throw invalid(`Template error: ${call[0]} stands in the Conditions block only`)
    }
    const entries = Object.entries(value).map(
      ([key, inner]) => [key, this.#evaluate(inner, made)] as const,
    )
    return mapFrom(entries.filter((entry): entry is [string, Value] => entry[1] !== NO_VALUE))
  }

  #call([name, input]: [string, Value], made: ReadonlyMap<string, Made>): Value | typeof NO_VALUE {
    const text = (value: Value, what: string) => textOf(this.evaluate(value, made), what)
    switch (name) {
      case 'Ref':
        return this.#ref(textOf(input, 'Ref'), made)
      case 'Fn::GetAtt': {
        const { name: resource, attribute } = attributeReference(input)
        return this.#attribute(resource, attribute, made)
      }
      case 'Fn::If': {
        const [condition, yes, no] = listOf(input, name)
        if (condition === undefined || yes === undefined || no === undefined) {
          throw wrongForm(name, 'a list of a condition and two values')
        }
        return this.#evaluate(this.holds(textOf(condition, name)) ? yes : no, made)
      }
      case 'Fn::Join': {
        const [separator, list] = listOf(input, name)
        if (separator === undefined || list === undefined) {
          throw wrongForm(name, 'a separator and a list')
        }
        const items = listOf(this.evaluate(list, made), name)
        const texts = items.map((item) => textOf(item, name))
        const between = textOf(separator, name)
        checkLength(texts.reduce((sum, item) => sum + item.length + between.length, 0))
        return texts.join(between)
      }
      case 'Fn::Split': {
        const [separator, source] = listOf(input, name)
        if (separator === undefined || source === undefined || separator === '') {
          throw wrongForm(name, 'a separator and a text')
        }
        return text(source, name).split(textOf(separator, name))
      }
      case 'Fn::Select': {
        const [index, list] = listOf(input, name)
        if (index === undefined || list === undefined) throw wrongForm(name, 'an index and a list')
        const items = listOf(this.evaluate(list, made), name)
        const at = text(index, name)
        const item = /^\d+$/.test(at) ? items[Number(at)] : undefined
        if (item === undefined) {
          throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${at}`)
        }
        return item
      }
      case 'Fn::FindInMap': {
        const keys = listOf(input, name).map((key) => text(key, name))
        let found: Value | undefined = this.#template.mappings
        for (const key of keys) {
          found = isValueMap(found) && Object.hasOwn(found, key) ? found[key] : undefined
        }
        if (found === undefined || keys.length !== 3) {
          throw invalid(`Template error: Unable to get mapping for ${keys.join('::')}`)
        }
        return found
      }
      default:
        return this.#substitute(input, made)
    }
  }

  #ref(name: string, made: ReadonlyMap<string, Made>): Value | typeof NO_VALUE {
    const known = this.#values.get(name) ?? this.#pseudo.get(name) ?? made.get(name)?.ref
    if (known === undefined) {
      throw format(
        `Unresolved resource dependencies [${name}] in the Resources block of the template`,
      )
    }
    return known
  }

  #attribute(name: string, attribute: string, made: ReadonlyMap<string, Made>): string {
    const attributes = made.get(name)?.attributes ?? {}
    if (!Object.hasOwn(attributes, attribute)) {
      throw invalid(
        `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
      )
    }
    return attributes[attribute]!
  }

  #substitute(input: Value, made: ReadonlyMap<string, Made>): string {
    const { text, variables } = substitution(input)
    // Each once, regardless of how often it is named.
    const own = new Map(
      Object.entries(variables).map(([name, value]) => [name, this.evaluate(value, made)]),
    )
    let length = text.length
    return text.replace(/\$\{([^}]*)\}/g, (_, inner: string) => {
      if (inner.startsWith('!')) return `\${${inner.slice(1)}}`
      const name = inner.trim()
      const [resource, ...attribute] = name.split('.')
      const value =
        own.get(name) ??
        (attribute.length > 0
          ? this.#attribute(resource!, attribute.join('.'), made)
          : this.#ref(name, made))
      if (typeof value !== 'string') {
        throw invalid('Template error: every value of the Fn::Sub object must be a string')
      }
      length += value.length
      checkLength(length)
      return value
    })
  }
}

function checkLength(characters: number): void {
  if (characters > MAX_TEXT) {
    throw invalid(`Template error: a text is longer than ${MAX_TEXT} characters`)
  }
}

interface Reference {
  name: string
  attribute?: string
}

/** What a value refers to, in every branch, or with a scope only in those that its conditions take. */
function* references(value: Value, scope?: Scope): Generator<Reference> {
  if (typeof value === 'string') return
  if (Array.isArray(value)) {
    for (const item of value) yield* references(item, scope)
    return
  }
  const [name, input] = callOf(value) ?? []
  if (name === undefined || input === undefined) {
    for (const inner of Object.values(value)) yield* references(inner, scope)
  } else if (name === 'Ref') {
    yield { name: textOf(input, 'Ref') }
  } else if (name === 'Fn::GetAtt') {
    yield attributeReference(input)
  } else if (name === 'Fn::Sub') {
    const { text, variables } = substitution(input)
    for (const [, inner] of text.matchAll(/\$\{([^}]*)\}/g)) {
      const used = inner!.trim()
      if (used.startsWith('!') || Object.hasOwn(variables, used)) continue
      if (!/^[\w.:]+$/.test(used)) {
        throw invalid(
          'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons',
        )
      }
      const [resource, ...attribute] = used.split('.')
      yield attribute.length > 0
        ? { name: resource!, attribute: attribute.join('.') }
        : { name: used }
    }
    yield* references(variables, scope)
  } else if (name === 'Fn::If' && scope) {
    const [condition, yes, no] = listOf(input, name)
    if (condition === undefined || yes === undefined || no === undefined) {
      throw wrongForm(name, 'a list of a condition and two values')
    }
    yield* references(scope.holds(textOf(condition, name)) ? yes : no, scope)
  } else {
    yield* references(input, scope)
  }
}

function attributeReference(input: Value): Required<Reference> {
  const parts = typeof input === 'string' ? input.split('.') : listOf(input, 'Fn::GetAtt')
  const [name, ...attribute] = parts.map((part) => textOf(part, 'Fn::GetAtt'))
  if (name === undefined || attribute.length === 0) {
    throw wrongForm('Fn::GetAtt', 'the name of a resource and of its attribute')
  }
  return { name, attribute: attribute.join('.') }
}

function substitution(input: Value): { text: string; variables: ValueMap } {
  if (typeof input === 'string') return { text: input, variables: {} }
  const [text, variables] = listOf(input, 'Fn::Sub')
  if (typeof text !== 'string' || !isValueMap(variables)) {
    throw wrongForm('Fn::Sub', 'a text, or a list of a text and a map of its variables')
  }
  return { text, variables }
}

/** The function that a map of one key is a call of. Names that only look like functions are refused. */
function callOf(value: Value): [string, Value] | undefined {
  if (!isValueMap(value)) return undefined
  const [entry, ...others] = Object.entries(value)
  if (!entry) return undefined
  const [name, input] = entry
  if (others.length === 0) {
    if (valueFunctions.has(name) || conditionFunctions.includes(name)) {
      // `Condition` is also an ordinary key: its value shows which.
      return name === 'Condition' && typeof input !== 'string' ? undefined : [name, input]
    }
  }
  const foreign = Object.keys(value).find((key) => key.startsWith('Fn::'))
  if (foreign !== undefined) {
    throw invalid(`Template error: ${foreign} is not simulated, or does not stand alone`)
  }
  return undefined
}

function parameterValues(
  parameters: TemplateParameter[],
  given: ReadonlyMap<string, string>,
): Map<string, string | string[]> {
  const keys = new Set(parameters.map(({ key }) => key))
  const unknown = [...given.keys()].filter((key) => !keys.has(key))
  if (unknown.length > 0) {
    throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template`)
  }
  const missing = parameters.filter((one) => !given.has(one.key) && one.default === undefined)
  if (missing.length > 0) {
    throw invalid(`Parameters: [${missing.map(({ key }) => key).join(', ')}] must have values`)
  }
  return new Map(
    parameters.map((parameter) => {
      const text = given.get(parameter.key) ?? parameter.default!
      const isList = parameter.type === 'CommaDelimitedList'
      const items = isList ? text.split(',').map((item) => item.trim()) : [text]
      for (const item of items) {
        const problem = constraint(parameter, item)
        if (problem === undefined) continue
        const { key, constraintDescription } = parameter
        throw invalid(
          constraintDescription === undefined
            ? `Parameter '${key}' must ${problem}`
            : `Parameter ${key} failed to satisfy constraint: ${constraintDescription}`,
        )
      }
      return [parameter.key, isList ? items : text]
    }),
  )
}

/** The rule that a value violates. */
function constraint(parameter: TemplateParameter, value: string): string | undefined {
  const { type, allowedPattern, allowedValues, minLength, maxLength, minValue, maxValue } =
    parameter
  if (type === 'Number') {
    const number = Number(value)
    if (value.trim() === '' || Number.isNaN(number)) return 'be a number'
    if (minValue !== undefined && number < minValue) return `be a number not less than ${minValue}`
    if (maxValue !== undefined && number > maxValue)
      return `be a number not greater than ${maxValue}`
  }
  if (allowedValues && !allowedValues.includes(value)) return 'be one of AllowedValues'
  if (minLength !== undefined && value.length < minLength) {
    return `contain at least ${minLength} characters`
  }
  if (maxLength !== undefined && value.length > maxLength) {
    return `contain at most ${maxLength} characters`
  }
  if (allowedPattern !== undefined && !wholly(allowedPattern).test(value)) {
    return `match pattern ${allowedPattern}`
  }
  return undefined
}

/** CloudFormation requires that the whole value matches, whether or not the pattern has anchors. */
function wholly(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`)
}

function readParameter(key: string, value: Value): TemplateParameter {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(key)) throw format(`Parameter name ${key} is non alphanumeric.`)
  const fields = mapOf(value, `Parameter ${key}`)
  const allowed = [
    'Type',
    'Default',
    'Description',
    'NoEcho',
    'AllowedPattern',
    'AllowedValues',
    'ConstraintDescription',
    'MinLength',
    'MaxLength',
    'MinValue',
    'MaxValue',
  ]
  const unknown = Object.keys(fields).filter((name) => !allowed.includes(name))
  if (unknown.length > 0) {
    throw invalid(`Invalid template parameter property '${unknown[0]}'`)
  }
  const text = (name: string) => {
    const field = fields[name]
    return field === undefined ? undefined : textOf(field, `${name} of parameter ${key}`)
  }
  const number = (name: string) => {
    const field = text(name)
    if (field === undefined) return undefined
    if (!/^-?\d+(\.\d+)?$/.test(field))
      throw format(`${name} of parameter ${key} must be a number.`)
    return Number(field)
  }
  const type = text('Type')
  if (type === undefined) throw format('Every Parameters object must contain a Type member.')
  if (type !== 'String' && type !== 'Number' && type !== 'CommaDelimitedList') {
    throw format(`Unrecognized parameter type: ${type}`)
  }
  const allowedPattern = text('AllowedPattern')
  try {
    if (allowedPattern !== undefined) wholly(allowedPattern)
  } catch {
    throw format(`AllowedPattern of parameter ${key} is not a regular expression.`)
  }
  const allowedValues = fields.AllowedValues
  const optional = {
    default: text('Default'),
    description: text('Description'),
    allowedPattern,
    allowedValues:
      allowedValues === undefined
        ? undefined
        : listOf(allowedValues, `AllowedValues of parameter ${key}`).map((item) =>
            textOf(item, `AllowedValues of parameter ${key}`),
          ),
    constraintDescription: text('ConstraintDescription'),
    minLength: number('MinLength'),
    maxLength: number('MaxLength'),
    minValue: number('MinValue'),
    maxValue: number('MaxValue'),
  }
  return { key, type, noEcho: text('NoEcho')?.toLowerCase() === 'true', ...optional }
}

function readResource(key: string, value: Value): TemplateResource {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(key)) throw format(`Resource name ${key} is non alphanumeric.`)
  const fields = mapOf(value, `Resource ${key}`)
  const allowed = [
    'Type',
    'Properties',
    'DependsOn',
    'Condition',
    'Metadata',
    'DeletionPolicy',
    'UpdateReplacePolicy',
    'CreationPolicy',
    'UpdatePolicy',
  ]
  const unknown = Object.keys(fields).find((name) => !allowed.includes(name))
  if (unknown !== undefined) throw invalid(`Invalid template resource property '${unknown}'`)
  if (typeof fields.Type !== 'string') {
    throw format(`[/Resources/${key}] Every Resources object must contain a Type member.`)
  }
  const { DependsOn = [], Condition, DeletionPolicy } = fields
  return {
    type: fields.Type,
    properties: mapOf(fields.Properties ?? {}, `Properties of ${key}`),
    dependsOn: [DependsOn].flat().map((name) => textOf(name, `DependsOn of ${key}`)),
    ...(Condition !== undefined && { condition: textOf(Condition, `Condition of ${key}`) }),
    retain: DeletionPolicy === 'Retain',
  }
}

function readOutput(key: string, value: Value): TemplateOutput {
  if (!/^[a-zA-Z0-9]{1,255}$/.test(key)) throw format(`Output name ${key} is non alphanumeric.`)
  const fields = mapOf(value, `Output ${key}`)
  const unknown = Object.keys(fields).find(
    (name) => !['Value', 'Description', 'Export', 'Condition'].includes(name),
  )
  if (unknown !== undefined) throw invalid(`Invalid template output property '${unknown}'`)
  const { Value: output, Description, Export, Condition } = fields
  if (output === undefined) throw format('Every Outputs member must contain a Value object')
  const exportName = Export === undefined ? undefined : mapOf(Export, `Export of ${key}`).Name
  return {
    value: output,
    ...(Description !== undefined && { description: textOf(Description, `Description of ${key}`) }),
    ...(exportName !== undefined && { exportName }),
    ...(Condition !== undefined && { condition: textOf(Condition, `Condition of ${key}`) }),
  }
}

/** @throws AwsError ValidationError naming resources that wait for each other */
function inOrder(needs: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const order = new Set<string>()
  const waiting = new Map(needs)
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, others]) => [...others].every((one) => order.has(one)))
    if (ready.length === 0) {
      throw invalid(`Circular dependency between resources: [${[...waiting.keys()].join(', ')}]`)
    }
    for (const [name] of ready) {
      order.add(name)
      waiting.delete(name)
    }
  }
  return [...order]
}

/** Parses YAML or JSON, which is YAML, and expands the short form of functions. */
function parse(text: string): Value {
  // Numbers and booleans stay text, as in CloudFormation: an account id keeps its zeros, a version its form.
  const options = { schema: 'failsafe', uniqueKeys: false } as const
  let document: ReturnType<typeof parseDocument>
  try {
    document = parseDocument(text, options)
  } catch {
    // Nesting that exhausts the parser's stack.
    throw format('YAML not well-formed.')
  }
  const [error] = document.errors
  if (error) {
    const [place] = error.linePos ?? []
    const where = place ? ` (line ${place.line}, column ${place.col})` : ''
    throw format(`YAML not well-formed.${where}`)
  }
  if (!document.contents) throw format('unsupported structure.')
  return toValue(document.contents, '', 0)
}

function toValue(node: Node | null, path: string, depth: number): Value {
  if (depth > MAX_DEPTH) throw format('YAML not well-formed: it is nested too deeply.')
  if (isAlias(node)) throw format('YAML aliases are not allowed in CloudFormation templates')
  const tag = node?.tag
  const function_ = tag === undefined ? undefined : shortTags.get(tag)
  if (tag !== undefined && function_ === undefined && !plainTags.includes(tag)) {
    throw format(`YAML not well-formed: unknown tag ${tag}`)
  }
  const value = untagged(node, path, depth)
  if (function_ === undefined) return value
  return mapFrom([[function_, value]])
}

function untagged(node: Node | null, path: string, depth: number): Value {
  if (isSeq(node)) {
    return node.items.map((item, index) => toValue(item as Node, `${path}/${index}`, depth + 1))
  }
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => {
      if (!isScalar(key) || typeof key.value !== 'string') throw format('YAML not well-formed.')
      if (key.value === '<<') throw format('YAML merge keys are not allowed in templates')
      const inside = `${path}/${key.value}`
      return [key.value, toValue(value as Node | null, inside, depth + 1)] as [string, Value]
    })
    const keys = new Set(entries.map(([key]) => key))
    if (keys.size < entries.length)
      throw format(`YAML not well-formed: a key of [${path}] is there twice`)
    return mapFrom(entries)
  }
  if (
    !isScalar(node) ||
    (node.type === 'PLAIN' && /^(~|null|Null|NULL|)$/.test(node.source ?? ''))
  ) {
    throw format(`[${path}] 'null' values are not allowed in templates`)
  }
  return String(node.value)
}

/** A map in which no key of a template can be mistaken for one of an object's own. */
function mapFrom(entries: Iterable<readonly [string, Value]>): ValueMap {
  const map: ValueMap = Object.create(null)
  for (const [key, value] of entries) map[key] = value
  return map
}

function isValueMap(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && !Array.isArray(value)
}

function mapOf(value: Value, what: string): ValueMap {
  if (!isValueMap(value)) throw format(`${what} must be an object.`)
  return value
}

function listOf(value: Value, what: string): Value[] {
  if (!Array.isArray(value)) throw invalid(`Template error: ${what} requires a list`)
  return value
}

function textOf(value: Value, what: string): string {
  if (typeof value !== 'string') throw invalid(`Template error: ${what} requires a string`)
  return value
}

function wrongForm(name: string, wanted: string): AwsError {
  return invalid(`Template error: ${name} requires ${wanted}`)
}

function format(message: string): AwsError {
  return invalid(`Template format error: ${message}`)
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message)
}
