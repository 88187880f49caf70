import { HttpError } from '@oazapfts/runtime'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { describe, expect, test } from 'vitest'
import { parseRoleArn } from '../../src/aws/role-arn.ts'
import { refreshEnvironments } from '../../web/src/components/environment-badge.tsx'
import { edited } from '../../web/src/pages/connections/edits.ts'
import { otherAccountQuestion, pastedArn } from '../../web/src/pages/connections/pasted-arn.ts'
import {
  connectionQuery,
  coverageQuery,
  verificationQuery,
} from '../../web/src/pages/connections/queries.ts'
import { validateConnectionsSearch } from '../../web/src/pages/connections/search.ts'

describe('the URL of the list', () => {
  test.each([
    [{}, {}],
    [
      { q: 'shop', state: 'behind', page: 3 },
      { q: 'shop', state: 'behind', page: 3 },
    ],
    [{ q: 111122223333 }, { q: '111122223333' }],
    [{ q: '  ', page: 1, state: 'broken' }, {}],
    [{ page: '2' }, { page: 2 }],
    [{ page: -2 }, {}],
    [{ page: 1.5 }, {}],
    [{ page: [2, 3], q: { a: 1 }, state: ['current'] }, {}],
    [{ q: 'x'.repeat(300) }, { q: 'x'.repeat(200) }],
  ])('%j is parsed as %j', (search, read) =>
    expect(validateConnectionsSearch(search)).toEqual(read),
  )
})

describe('saved settings', () => {
  const now = { lookbackDays: 90, pollIntervalSeconds: 60, selection: 'changes' as const }

  test('contain only the edited fields, not those that another user changed', () => {
    expect(edited({ lookbackDays: 30 }, { ...now, pollIntervalSeconds: 300 })).toEqual({
      lookbackDays: 30,
    })
    expect(edited({ selection: 'all', pollIntervalSeconds: 30 }, now)).toEqual({
      selection: 'all',
      pollIntervalSeconds: 30,
    })
  })

  test('are empty if nothing changed or the input is not a number', () => {
    expect(edited({}, now)).toEqual({})
    expect(edited({ lookbackDays: 90, selection: 'changes' }, now)).toEqual({})
    expect(edited({ lookbackDays: null }, now)).toEqual({})
  })
})

describe('a pasted ARN', () => {
  const arn = 'arn:aws:iam::123456789012:role/services/cairn-read-only'

  test.each([
    arn,
    ` ${arn}\n`,
    `"${arn}"`,
    `'${arn}',`,
    `\`${arn}\``,
    `role_arn = "${arn}"`,
    `            "OutputValue": "${arn}",`,
    `" ${arn} "`,
  ])('is found in %j', (pasted) => expect(pastedArn(pasted)).toBe(arn))

  test.each([`"${arn}", "${arn}-2"`, `${arn},`, `"${arn}`, `role_arn = ${arn}`, ''])(
    'is not guessed from %j',
    (pasted) => expect(pastedArn(pasted)).toBe(pasted),
  )

  test('is explained if none is found', () => {
    for (const pasted of [`"${arn}", "${arn}-2"`, `"${arn}`, `role_arn = ${arn}`])
      expect(parseRoleArn(pastedArn(pasted))).toHaveProperty('problem')
  })
})

describe('polling', () => {
  /** In milliseconds, after the query has found this. */
  function interval(
    options: { queryKey: readonly unknown[]; refetchInterval?: unknown },
    found: { data?: unknown; error?: Error },
  ): unknown {
    const cache = new QueryClient().getQueryCache()
    const query = cache.build(new QueryClient(), { queryKey: options.queryKey })
    query.setState({ data: found.data, error: found.error ?? null } as never)
    const { refetchInterval } = options
    return typeof refetchInterval === 'function' ? refetchInterval(query) : refetchInterval
  }
  const gone = new HttpError(404, { title: 'Not found' }, new Headers())
  const down = new HttpError(503, { title: 'Unavailable' }, new Headers())
  const all = [
    connectionQuery('c'),
    verificationQuery('c', 'current'),
    coverageQuery('c', 'current'),
  ] as const

  test('ends when the connection does not exist, but not when the server is unavailable', () => {
    for (const query of all) {
      expect(interval(query, { error: gone })).toBe(false)
      expect(interval(query, { error: down })).toBeGreaterThan(0)
    }
  })

  test('is slow while waiting for AWS, which can take all day', () => {
    for (const query of [
      connectionQuery('c'),
      verificationQuery('c', 'waiting_for_aws'),
      coverageQuery('c', 'waiting_for_aws'),
    ])
      expect(
        interval(query, { data: { status: 'waiting_for_aws', state: 'waiting' } }),
      ).toBeGreaterThanOrEqual(3_000)
    expect(
      interval(verificationQuery('c', 'waiting_for_aws'), { data: { state: 'running' } }),
    ).toBeLessThan(3_000)
  })
})

test('moved environments are refetched immediately, and the feed when it is next shown', async () => {
  const client = new QueryClient()
  const asked: string[] = []
  const look = (key: string) =>
    new QueryObserver(client, {
      queryKey: [key],
      queryFn: () => asked.push(key),
      staleTime: Number.POSITIVE_INFINITY,
    }).subscribe(() => {})
  const leave = ['environments', 'changes'].map(look)
  await expect.poll(() => asked).toEqual(['environments', 'changes'])

  await refreshEnvironments(client)
  expect(asked).toEqual(['environments', 'changes', 'environments'])

  for (const each of leave) each()
  const leaveAgain = look('changes')
  await expect.poll(() => asked).toEqual(['environments', 'changes', 'environments', 'changes'])
  leaveAgain()
})

describe('the confirmation of another account', () => {
  const role = '222233334444'
  test.each([
    ['a connection that moves', { name: 'Shop', accountId: '111122223333' }, /another account/],
    ['a name with another account', { name: 'Shop (111122223333)', accountId: null }, /you mean/],
    ['the same account', { name: 'Shop', accountId: role }, undefined],
    ['the account of the name', { name: `Shop ${role}`, accountId: null }, undefined],
    ['a number that is no account', { name: 'Shop 1234567890123', accountId: null }, undefined],
    ['a first role', { name: 'Shop', accountId: null }, undefined],
  ])('%s', (_, connection, title) => {
    const question = otherAccountQuestion(connection, role)
    if (title === undefined) return expect(question).toBeUndefined()
    expect(question?.title).toMatch(title)
    expect(question?.text).toContain(role)
  })
})
