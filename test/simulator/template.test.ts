import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AwsError } from '../../simulator/errors.ts'
import { type Made, planStack, readTemplate } from '../../simulator/template.ts'

const context = {
  accountId: '111122223333',
  partition: 'aws',
  region: 'eu-west-1',
  stackName: 'demo',
  stackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/demo/1',
}

const made = new Map<string, Made>([
  ['Role', { ref: 'demo-Role', attributes: { Arn: 'arn:aws:iam::111122223333:role/demo-Role' } }],
])

const attributes = (type: string) => (type === 'AWS::IAM::Role' ? ['Arn', 'RoleId'] : undefined)

const plan = (text: string, parameters: Record<string, string> = {}) =>
  planStack(readTemplate(text), new Map(Object.entries(parameters)), context, attributes)

/** The resolved value of a property of a resource after `Role`. */
function evaluate(value: string, parameters: Record<string, string> = {}): unknown {
  const { resources } = plan(
    `
Parameters:
  Name: {Type: String, Default: ''}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
Mappings:
  Regions: {eu-west-1: {City: Dublin}}
Conditions:
  HasName: !Not [!Equals [!Ref Name, '']]
Resources:
  Role: {Type: AWS::IAM::Role}
  Other:
    Type: AWS::IAM::Role
    Properties:
      Value: ${value}
`,
    parameters,
  )
  const other = resources.find(({ logicalId }) => logicalId === 'Other')!
  return JSON.parse(JSON.stringify(other.properties(made))).Value
}

/** A template of one role and these other sections. */
const withRole = (sections: string, properties = '{}') =>
  `${sections}\nResources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties: ${properties}\n`

const refused = (message: string) =>
  expect.objectContaining({ code: 'ValidationError', message: expect.stringContaining(message) })

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return 'accepted'
}

describe('functions', () => {
  test.each<[string, unknown]>([
    ['!Ref Names', ['a', 'b', 'c']],
    ['!Ref AWS::AccountId', '111122223333'],
    ['!Ref Role', 'demo-Role'],
    ['{Ref: AWS::Partition}', 'aws'],
    ['!GetAtt Role.Arn', 'arn:aws:iam::111122223333:role/demo-Role'],
    ['!GetAtt [Role, Arn]', 'arn:aws:iam::111122223333:role/demo-Role'],
    [
      `!Sub 'arn:\${AWS::Partition}:iam::\${AWS::AccountId}:root'`,
      'arn:aws:iam::111122223333:root',
    ],
    [
      `!Sub '\${Role.Arn} \${Role} \${!Name}'`,
      `arn:aws:iam::111122223333:role/demo-Role demo-Role \${Name}`,
    ],
    [`!Sub ['\${x}-\${AWS::Region}', {x: !Ref AWS::StackName}]`, 'demo-eu-west-1'],
    ['!Join [":", [a, !Ref AWS::URLSuffix]]', 'a:amazonaws.com'],
    ['!Join ["+", !Ref Names]', 'a+b+c'],
    ['!Select [1, !Ref Names]', 'b'],
    ['!Select [1, !Split ["/", !GetAtt Role.Arn]]', 'demo-Role'],
    ['!FindInMap [Regions, !Ref AWS::Region, City]', 'Dublin'],
    ['[1, !If [HasName, 2, !Ref AWS::NoValue], 3]', ['1', '3']],
    ['{a: 1, b: !If [HasName, 2, !Ref AWS::NoValue]}', { a: '1' }],
    ['{Version: 2012-10-17, Yes: true}', { Version: '2012-10-17', Yes: 'true' }],
    ['012345678901', '012345678901'],
    ['{Condition: {StringEquals: {a: b}}}', { Condition: { StringEquals: { a: 'b' } } }],
  ])('%s', (value, result) => {
    expect(evaluate(value)).toEqual(result)
  })

  test('evaluate conditions', () => {
    expect(evaluate('!If [HasName, !Ref Name, none]', { Name: 'x' })).toBe('x')
  })

  test.each([
    ['!Ref Nobody', 'Unresolved resource dependencies [Nobody] in the Resources block'],
    ['!If [HasName, !Ref Nobody, x]', 'Unresolved resource dependencies [Nobody]'],
    ['!GetAtt Role.Colour', 'resource Role does not support attribute type Colour in Fn::GetAtt'],
    [`!Sub '\${Nobody}'`, 'Unresolved resource dependencies [Nobody]'],
    [`!Sub '\${not a name}'`, 'variable names in Fn::Sub syntax'],
    ['!Select [7, !Ref Names]', 'cannot select nonexistent value at index 7'],
    ['!FindInMap [Regions, mars, City]', 'Unable to get mapping for Regions::mars::City'],
    ['!If [Nothing, a, b]', 'Unresolved condition dependency Nothing'],
    ['!Ref Other', 'Circular dependency between resources: [Other]'],
    ['{Fn::ImportValue: x}', 'Fn::ImportValue is not simulated'],
    ['!Equals [a, b]', 'Fn::Equals stands in the Conditions block only'],
    ['!Base64 x', 'unknown tag !Base64'],
    ['!Join [x]', 'Fn::Join requires'],
    ['!GetAtt Role', 'Fn::GetAtt requires'],
  ])('are rejected: %s', (value, message) => {
    expect(thrownBy(() => evaluate(value))).toEqual(refused(message))
  })

  test('combine conditions', () => {
    const conditions = `
Parameters: {A: {Type: String}, B: {Type: String}}
Conditions:
  IsA: !Equals [!Ref A, x]
  IsB: !Equals [!Ref B, x]
  Both: !And [!Condition IsA, !Condition IsB]
  Either: !Or [!Condition IsA, {Condition: IsB}]
  Neither: !Not [!Condition Either]
Outputs:
  Both: {Condition: Both, Value: x}
  Either: {Condition: Either, Value: x}
  Neither: {Condition: Neither, Value: x}`
    const shown = (A: string, B: string) =>
      plan(withRole(conditions), { A, B })
        .outputs(made)
        .map(({ key }) => key)
    expect(shown('x', 'x')).toEqual(['Both', 'Either'])
    expect(shown('x', 'y')).toEqual(['Either'])
    expect(shown('y', 'y')).toEqual(['Neither'])
  })

  test('are resolved in the order of references, for resources whose condition is true', () => {
    const { resources } = plan(`
Conditions: {Never: !Equals [a, b]}
Resources:
  Last: {Type: AWS::IAM::Role, DependsOn: Middle}
  Middle: {Type: AWS::IAM::Role, Properties: {Name: !Sub '\${First}'}}
  First: {Type: AWS::IAM::Role}
  Absent: {Type: AWS::IAM::Role, Condition: Never}
`)
    expect(resources.map(({ logicalId }) => logicalId)).toEqual(['First', 'Middle', 'Last'])
  })
})

describe('parameters', () => {
  const externalId = (rules: string) =>
    withRole(`Parameters:\n  ExternalId:\n    Type: String\n${rules}`)

  test.each<[string, Record<string, string>, string]>([
    ['', {}, 'Parameters: [ExternalId] must have values'],
    ['', { ExternalId: 'x', Foo: 'y' }, 'Parameters: [Foo] do not exist in the template'],
    // The whole value has to match, although the pattern has no anchors.
    [
      '    AllowedPattern: "[a-z]+"',
      { ExternalId: 'abc1' },
      `'ExternalId' must match pattern [a-z]+`,
    ],
    ['    AllowedPattern: "a|b"', { ExternalId: 'ab' }, 'must match pattern a|b'],
    [
      '    AllowedPattern: "[a-z]+"\n    ConstraintDescription: must be small',
      { ExternalId: 'A' },
      'Parameter ExternalId failed to satisfy constraint: must be small',
    ],
    ['    AllowedValues: [a, b]', { ExternalId: 'c' }, 'must be one of AllowedValues'],
    ['    MinLength: 2', { ExternalId: 'c' }, 'must contain at least 2 characters'],
    ['    MaxLength: 2', { ExternalId: 'ccc' }, 'must contain at most 2 characters'],
    ['    Default: ""\n    MinLength: 2', {}, 'must contain at least 2 characters'],
    ['    AllowedPattern: "["', { ExternalId: 'c' }, 'is not a regular expression'],
    ['    Colour: red', { ExternalId: 'c' }, `Invalid template parameter property 'Colour'`],
  ])('reject %s given %j', (rules, given, message) => {
    expect(thrownBy(() => plan(externalId(rules), given))).toEqual(refused(message))
  })

  test('use their default, are checked item by item, and are hidden with NoEcho', () => {
    const template = withRole(`
Parameters:
  Shown: {Type: String, Default: x}
  Secret: {Type: String, NoEcho: true}
  List: {Type: CommaDelimitedList, AllowedPattern: '[a-z]'}`)
    expect(plan(template, { Secret: 's', List: 'a, b' }).parameters).toEqual([
      { key: 'Shown', value: 'x' },
      { key: 'Secret', value: '****' },
      { key: 'List', value: 'a,b' },
    ])
    expect(thrownBy(() => plan(template, { Secret: 's', List: 'a,B' }))).toEqual(
      refused(`Parameter 'List' must match pattern [a-z]`),
    )
  })

  test('have to match their whole pattern', () => {
    const template = readTemplate(externalId('    AllowedPattern: "[a-z]{2,8}"'))
    const isAccepted = (value: string) =>
      thrownBy(() => planStack(template, new Map([['ExternalId', value]]), context, attributes)) ===
      'accepted'
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.stringMatching(/^[a-z]{2,8}$/), (any, good) => {
        expect(isAccepted(good)).toBe(true)
        expect(isAccepted(`${good}\n`)).toBe(false)
        expect(isAccepted(any)).toBe(any.length >= 2 && any.length <= 8 && !/[^a-z]/.test(any))
      }),
    )
  })
})

describe('an invalid template', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'length greater than or equal to 1'],
    ['a comment', '# only', 'unsupported structure'],
    ['a text', 'hello', 'unsupported structure'],
    ['binary', '\u0000\u0001', 'unsupported structure'],
    ['one that is too long', `# ${'a'.repeat(51_200)}`, 'length less than or equal to 51200'],
    ['no resources', 'Resources: {}', 'At least one Resources member must be defined'],
    [
      'an unknown section',
      withRole('Colour: red'),
      'Invalid template property or properties [Colour]',
    ],
    [
      'a transform',
      withRole('Transform: AWS::Serverless-2016-10-31'),
      'Transform is not simulated',
    ],
    ['no type', 'Resources: {A: {Properties: {}}}', 'must contain a Type member'],
    ['an unknown type', 'Resources: {A: {Type: Role}}', 'Unrecognized resource types: [Role]'],
    ['a name with a hyphen', 'Resources: {a-b: {Type: AWS::IAM::Role}}', 'non alphanumeric'],
    ['a null', withRole('', ''), `[/Resources/Role/Properties] 'null' values are not allowed`],
    ['a key twice', withRole('', '{a: 1, a: 2}'), 'is there twice'],
    ['half of it', 'Resources: {A: {Type: ', 'YAML not well-formed'],
    ['two documents', `${withRole('')}---\n${withRole('')}`, 'YAML not well-formed'],
    ['an unknown tag', withRole('', '!Evil x'), 'unknown tag !Evil'],
    ['a tag of a language', withRole('', '!!js/function x'), 'unknown tag'],
    ['a binary value', withRole('', '{a: !!binary aGk=}'), 'unknown tag'],
    ['a merge key', withRole('', '{<<: {a: 1}}'), 'merge keys'],
    ['a name of objects', 'Resources: {__proto__: {Type: AWS::IAM::Role}}', 'non alphanumeric'],
    ['deep lists', withRole('', '['.repeat(20_000)), 'YAML not well-formed'],
    ['deep maps', withRole('', '{a: '.repeat(10_000)), 'YAML not well-formed'],
    [
      'what is deep and right',
      withRole('', `{a: ${'['.repeat(200)}${']'.repeat(200)}}`),
      'nested too',
    ],
    ['endless keys', '? '.repeat(20_000), 'YAML not well-formed'],
  ])('is rejected: %s', (_, text, message) => {
    expect(thrownBy(() => readTemplate(text))).toEqual(refused(message))
  })

  test('cannot contain aliases, which are not followed', () => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 40; level++) {
      lines.push(
        `b${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    }
    expect(thrownBy(() => readTemplate(lines.join('\n')))).toEqual(
      refused('YAML aliases are not allowed in CloudFormation templates'),
    )
  })

  test('cannot build a string of unlimited length with nested functions', () => {
    let value = `'${'x'.repeat(100)}'`
    for (let level = 0; level < 25; level++) value = `!Sub ['${`\${a}`.repeat(10)}', {a: ${value}}]`
    expect(thrownBy(() => evaluate(value))).toEqual(refused('a text is longer than'))
    const joined = `!Join ['${'y'.repeat(20_000)}', [${'z,'.repeat(200)}z]]`
    expect(thrownBy(() => evaluate(joined))).toEqual(refused('a text is longer than'))
  })

  test('is parsed or rejected, for any text', () => {
    const template = withRole('Parameters: {A: {Type: String, Default: !Sub x}}', '{a: !Ref A}')
    const spoiled = fc
      .tuple(fc.nat(template.length), fc.nat(10), fc.string({ maxLength: 10 }))
      .map(([at, cut, put]) => template.slice(0, at) + put + template.slice(at + cut))
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.string(), fc.json()), (text) => {
        const outcome = thrownBy(() => {
          for (const { properties } of plan(text).resources) properties(made)
        })
        if (outcome === 'accepted') return
        expect(outcome).toBeInstanceOf(AwsError)
        expect(outcome).toMatchObject({ code: 'ValidationError' })
      }),
      { numRuns: 500 },
    )
  })
})

test('JSON is parsed as YAML', () => {
  const { resources } = plan(
    '{\n\t"Resources": {\n\t\t"Role": {"Type": "AWS::IAM::Role", "Properties": {"A": {"Ref": "AWS::Region"}, "B": true}}}}',
  )
  expect({ ...resources[0]!.properties(made) }).toEqual({ A: 'eu-west-1', B: 'true' })
})
