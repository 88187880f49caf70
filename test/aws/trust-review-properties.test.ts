import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { evaluateTrust, parsePolicy } from '../../simulator/policy.ts'
import { reviewTrust } from '../../src/aws/trust-review/index.ts'
import { policy } from '../../testing/roles.ts'
import {
  allow,
  cairnAccount,
  expected,
  externalId,
  getRole,
  principalArn,
  review,
  reviewText,
  roleArn,
  withId,
} from '../../testing/trust-review.ts'

// Everything that IAM would take and the simulator can evaluate, and often almost right.
const rarely = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: odd })
const oneOrMany = (item: fc.Arbitrary<string>) =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
const strangerArn = 'arn:aws:iam::444455556666:role/stranger'
const awsPrincipal = rarely(
  fc.constantFrom(principalArn, cairnAccount, '999988887777'),
  fc.constantFrom('*', strangerArn, '444455556666', 'arn:aws:iam::444455556666:root', roleArn),
)
const idValue = rarely(
  fc.constant(externalId),
  fc.constantFrom('*', 'cairn-*', `${externalId}*`, '?*', externalId.toLowerCase(), 'other'),
)
const idOperator = rarely(
  fc.constant('StringEquals'),
  fc
    .tuple(
      fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
      fc.constantFrom(
        ...['StringEquals', 'StringLike', 'StringEqualsIgnoreCase', 'StringNotEquals'],
        ...['StringNotLike', 'StringNotEqualsIgnoreCase'],
      ),
      fc.constantFrom('', '', 'IfExists'),
    )
    .map((parts) => parts.join('')),
)
const idKey = fc.constantFrom('sts:ExternalId', 'sts:externalid', 'STS:EXTERNALID')
const idTest = fc.tuple(idOperator, idKey, oneOrMany(idValue))
const nullTest = fc.tuple(fc.constant('Null'), idKey, fc.constantFrom('true', 'false'))
const principalTest = fc.oneof(
  fc.tuple(
    fc.constantFrom('ArnEquals', 'ArnLike', 'StringEquals', 'StringLike', 'ArnLikeIfExists'),
    fc.constant('aws:PrincipalArn'),
    oneOrMany(fc.constantFrom(principalArn, strangerArn, 'arn:aws:iam::*:role/*')),
  ),
  fc.tuple(
    fc.constantFrom('StringEquals', 'StringNotEquals'),
    fc.constant('aws:PrincipalAccount'),
    oneOrMany(fc.constantFrom('999988887777', '444455556666')),
  ),
)
const conditionOf = (tests: fc.Arbitrary<[string, string, string | string[]]>) =>
  fc.array(tests, { maxLength: 3 }).map((list) => {
    const condition: Record<string, Record<string, string | string[]>> = {}
    for (const [operator, key, values] of list) {
      const keys = condition[operator] ?? {}
      // IAM does not say what the same key in two spellings means.
      if (Object.keys(keys).some((other) => other.toLowerCase() === key.toLowerCase())) continue
      condition[operator] = { ...keys, [key]: values }
    }
    return condition
  })
const idCondition = conditionOf(fc.oneof({ weight: 5, arbitrary: idTest }, nullTest))
const anyCondition = conditionOf(
  fc.oneof({ weight: 4, arbitrary: idTest }, nullTest, principalTest),
)
const statementOf = (Condition: fc.Arbitrary<object>) =>
  fc.record(
    {
      Effect: rarely(fc.constant('Allow'), fc.constant('Deny')),
      Principal: fc.oneof(
        fc.constant('*'),
        ...Array.from({ length: 5 }, () => fc.record({ AWS: oneOrMany(awsPrincipal) })),
      ),
      Action: oneOrMany(
        rarely(
          fc.constant('sts:AssumeRole'),
          fc.constantFrom('*', 'sts:*', 'sts:Assume*', 'sts:TagSession', 'STS:assumerole', 'iam:*'),
        ),
      ),
      Condition,
    },
    { requiredKeys: ['Effect', 'Principal', 'Action'] },
  )
const statement = statementOf(anyCondition)
const statements = fc.array(statement, { minLength: 1, maxLength: 3 })

function caller(arn: string) {
  const [, , , , accountId = '', resource = ''] = arn.split(':')
  const session = `arn:aws:sts::${accountId}:assumed-role/${resource.split('/').at(-1)}/session`
  return { accountId, arn: session, principalArn: arn }
}

/** Whether the simulator, which has its own evaluator, allows a caller. */
function getsIn(list: object[], arn: string, id: string | undefined): boolean {
  const who = caller(arn)
  const verdict = evaluateTrust(parsePolicy(policy(...list) as never, 'trust'), {
    action: 'sts:AssumeRole',
    resource: '*',
    caller: who,
    keys: {
      'sts:externalid': id,
      'aws:principalarn': arn,
      'aws:principalaccount': who.accountId,
    },
  })
  return verdict === 'allow' || verdict === 'allow-account'
}

const swapCase = (id: string) =>
  id.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
const wrongIds = [undefined, 'a-random-id', `${externalId}x`, swapCase(externalId), 'other']

describe("compared with the simulator's evaluation", () => {
  test('a safe policy allows only Cairn with its ID, and no outsider', () => {
    let safe = 0
    fc.assert(
      fc.property(statements, (list) => {
        if (review(...list).verdict !== 'safe') return
        safe++
        for (const id of wrongIds) expect(getsIn(list, principalArn, id), id).toBe(false)
        for (const id of [undefined, externalId]) expect(getsIn(list, strangerArn, id)).toBe(false)
      }),
      { numRuns: 2000 },
    )
    expect(safe).toBeGreaterThan(50)
  })

  test('a policy that allows Cairn without its ID, or any principal, is unsafe', () => {
    let open = 0
    const anyone = 'arn:aws:iam::777766665555:role/anyone'
    fc.assert(
      fc.property(statements, (list) => {
        const isOpen =
          wrongIds.some((id) => getsIn(list, principalArn, id)) ||
          getsIn(list, anyone, undefined) ||
          getsIn(list, anyone, externalId)
        if (!isOpen) return
        open++
        expect(review(...list).verdict).toBe('unsafe')
      }),
      { numRuns: 2000 },
    )
    expect(open).toBeGreaterThan(50)
  })

  test("an outsider's access is always detected", () => {
    fc.assert(
      fc.property(statements, (list) => {
        if (![undefined, externalId].some((id) => getsIn(list, strangerArn, id))) return
        expect(review(...list).verdict).not.toBe('safe')
      }),
      { numRuns: 1000 },
    )
  })

  test('a condition on the external ID alone is judged correctly for Cairn', () => {
    fc.assert(
      fc.property(fc.array(statementOf(idCondition), { minLength: 1, maxLength: 3 }), (list) => {
        const { notes } = review(...list)
        const said = !notes.some((note) => /^No statement allows Cairn|blocks Cairn/.test(note))
        expect(said).toBe(getsIn(list, principalArn, externalId))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the verdict', () => {
  const shuffled = <T>(list: T[]) => fc.shuffledSubarray(list, { minLength: list.length })
  const severity = { safe: 0, unclear: 1, unsafe: 2, another_role: 3 }

  test('does not depend on the order of statements, lists and members', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed).reverse()
      if (typeof value !== 'object' || value === null) return value
      const members = Object.entries(value).map(([name, inner]) => [name, reversed(inner)])
      return Object.fromEntries(members.reverse())
    }
    fc.assert(
      fc.property(
        statements.chain((list) => fc.tuple(fc.constant(list), shuffled(list))),
        ([list, otherwise]) => {
          const { verdict } = review(...list)
          expect(review(...otherwise).verdict).toBe(verdict)
          expect(review(...(reversed(list) as object[])).verdict).toBe(verdict)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('is the same for one statement per principal and for a list', () => {
    fc.assert(
      fc.property(statements, (list) => {
        const apart = list.flatMap((each) =>
          typeof each.Principal === 'string'
            ? [each]
            : [each.Principal.AWS].flat().map((AWS) => ({ ...each, Principal: { AWS } })),
        )
        expect(review(...apart).verdict).toBe(review(...list).verdict)
      }),
      { numRuns: 1000 },
    )
  })

  test('never becomes safer with another Allow', () => {
    fc.assert(
      fc.property(statements, statement, (list, more) => {
        const before = review(...list)
        const after = review(...list, { ...more, Effect: 'Allow' })
        expect(after.trusted.slice(0, before.trusted.length)).toEqual(before.trusted)
        // All but one thing: it can fix that Cairn was denied.
        const bad = before.trusted.some(({ judgment }) => /other|dangerous/.test(judgment))
        if (bad) expect(severity[after.verdict]).toBeGreaterThanOrEqual(severity[before.verdict])
      }),
      { numRuns: 1000 },
    )
  })

  test('does not depend on the form of the pasted policy', () => {
    fc.assert(
      fc.property(statements, (list) => {
        const document = policy(...list)
        const found = review(...list)
        expect(reviewText(stringify(getRole(document)))).toEqual(found)
        const encoded = encodeURIComponent(JSON.stringify(document))
        expect(reviewText(JSON.stringify(getRole(encoded)))).toEqual(found)
      }),
      { numRuns: 300 },
    )
  })
})

describe('review of pasted text', () => {
  /** Answers in words that can be sent and shown, and is never safe by accident. */
  function survives(text: string) {
    const found = reviewTrust(text, expected)
    expect(JSON.stringify(found).isWellFormed()).toBe(true)
    const words = JSON.parse(JSON.stringify(found))
    for (const value of JSON.stringify(words).match(/\\ud[89a-f][0-9a-f]{2}/gi) ?? [])
      expect.unreachable(value)
    if ('verdict' in found) expect(found.verdict).not.toBe('safe')
  }

  test('handles any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), survives))
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), survives))
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 })
    fc.assert(fc.property(units, (codes) => survives(String.fromCharCode(...codes))))
  })

  test('handles any JSON in any place of a policy', () => {
    // String() throws for an object whose own `toString` is not a function, as in {"toString": null}.
    const nameOf = (odd: unknown) => (typeof odd === 'string' ? odd : JSON.stringify(odd))
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
      fc.constantFrom('\ud800', '__proto__', {}, [], null),
    )
    const names = ['Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Condition', 'x']
    fc.assert(
      fc.property(fc.constantFrom(...names), value, value, (name, odd, other) => {
        survives(JSON.stringify(getRole(policy(allow({ [name]: odd, Sid2: other })))))
        survives(JSON.stringify(getRole(policy(allow(), odd))))
        survives(
          JSON.stringify(getRole(policy(allow(), allow({ Principal: { AWS: odd } })))).replace(
            principalArn,
            'x',
          ),
        )
        survives(JSON.stringify(getRole(odd)))
        survives(JSON.stringify(odd))
        survives(JSON.stringify({ Role: odd, Statement: other }))
        survives(JSON.stringify({ Statement: odd }))
        survives(JSON.stringify(getRole(policy(allow({ Condition: { StringLike: odd } })))))
        survives(
          JSON.stringify(
            getRole(policy(allow({ Condition: { [nameOf(odd)]: { 'sts:ExternalId': other } } }))),
          ),
        )
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, string]>([
    ['brackets', '['.repeat(47_000)],
    ['braces', '{"Statement":'.repeat(3_500)],
    ['a policy that is nested deeply', `{"Statement":${'['.repeat(500)}${']'.repeat(500)}}`],
    ['dashes', '- '.repeat(47_000)],
    ['tags', '!!map '.repeat(7_000)],
    [
      'aliases',
      Array.from({ length: 2_000 }, (_, i) => `a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`).join('\n'),
    ],
    [
      'wildcards',
      JSON.stringify(
        policy(
          allow({
            Action: '*a'.repeat(4_000),
            Condition: withId('StringLike', '*n'.repeat(3_000)),
          }),
        ),
      ),
    ],
    [
      'many principals',
      JSON.stringify(
        policy(allow({ Principal: { AWS: Array.from({ length: 2_000 }, (_, i) => `x${i}`) } })),
      ),
    ],
    ['prompts', '$ '.repeat(40_000)],
    ['many prompts', '$\n'.repeat(40_000)],
    [
      'a list of many members',
      `{${Array.from({ length: 4_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
    ],
  ])('handles hostile text: %s', (_what, text) => survives(text))
})
