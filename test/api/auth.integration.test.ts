import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstOwnerToken } from '../../src/auth/accept-invitation.ts'
import type { User } from '../../src/db/members.ts'
import { cookieOf, createTestApi, type Person, type TestApi } from '../../testing/api.ts'

let api: TestApi
let logged = ''
let made = 0

beforeAll(async () => {
  const write = (line: string) => {
    logged += line
  }
  api = await createTestApi({ logger: pino({ level: 'trace' }, { write }) })
})
afterAll(() => api.close())

/** A request like a page of this origin sends it, or with these headers. Each has its own address. */
async function send(
  method: string,
  url: string,
  payload?: object,
  headers: Record<string, string> = {},
) {
  const response = await api.app.inject({
    method: method as 'GET',
    url,
    ...(payload && { payload }),
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    remoteAddress: `10.0.${++made >> 8}.${made & 255}`,
  })
  return {
    status: response.statusCode,
    headers: response.headers,
    cookie: cookieOf(response.headers),
    body: response.body === '' ? undefined : response.json(),
  }
}

const newcomer = () => ({
  name: 'Ada Byron',
  email: `ada-${++made}@example.com`,
  password: `correct horse ${made}`,
})

const signIn = (person: { email: string; password: string }, headers?: Record<string, string>) =>
  send(
    'POST',
    '/api/auth/sign-in/email',
    { email: person.email, password: person.password },
    headers,
  )

const me = (cookie: string) => send('GET', '/api/v1/me', undefined, { cookie })

const usersCalled = async (email: string) =>
  (await sql<User>`SELECT id FROM auth."user" WHERE email = ${email}`.execute(api.superuser)).rows

describe('the setup link', () => {
  const firstLink = async (name: string) => {
    const { id } = await api.tenant(name)
    return { id, token: (await firstOwnerToken(api.context.system, id))! }
  }

  test('shows its invitation, creates the owner, signs in, and works once', async () => {
    const { id, token } = await firstLink('first owner')
    const invitation = await send('GET', `/api/invitation?token=${token}`)
    expect(invitation).toMatchObject({
      status: 200,
      body: { kind: 'owner', organization: { name: 'first owner' }, role: 'owner', email: null },
    })
    const hours = (Date.parse(invitation.body.expiresAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23)
    expect(hours).toBeLessThanOrEqual(24)

    const owner = newcomer()
    const accepted = await send('POST', '/api/invitation', { token, ...owner })
    expect(accepted).toMatchObject({
      status: 201,
      body: { user: { name: owner.name, email: owner.email } },
    })
    expect(accepted.body.user).not.toHaveProperty('password')
    expect(await me(accepted.cookie)).toMatchObject({
      status: 200,
      body: {
        user: accepted.body.user,
        organization: { id, name: 'first owner' },
        role: 'owner',
        demo: false,
        temporalUrl: null,
      },
    })
    expect((await signIn(owner)).status).toBe(200)

    const second = newcomer()
    expect((await send('POST', '/api/invitation', { token, ...second })).status).toBe(404)
    expect((await send('GET', `/api/invitation?token=${token}`)).status).toBe(404)
    expect(await usersCalled(second.email)).toEqual([])
  })

  test('is created by each start until an owner exists, then all links are invalid', async () => {
    const { id, token } = await firstLink('several starts')
    const another = (await firstOwnerToken(api.context.system, id))!
    expect(another).not.toBe(token)
    expect((await send('POST', '/api/invitation', { token, ...newcomer() })).status).toBe(201)
    const late = newcomer()
    expect((await send('GET', `/api/invitation?token=${another}`)).status).toBe(404)
    expect((await send('POST', '/api/invitation', { token: another, ...late })).status).toBe(404)
    expect(await usersCalled(late.email)).toEqual([])
    expect(await firstOwnerToken(api.context.system, id)).toBeUndefined()
  })

  test('creates one owner, even if many links are used concurrently', async () => {
    const { id, token } = await firstLink('race')
    const another = (await firstOwnerToken(api.context.system, id))!
    const all = Array.from({ length: 6 }, newcomer)
    const answers = await Promise.all(
      all.map((each, index) =>
        send('POST', '/api/invitation', { token: index % 2 ? token : another, ...each }),
      ),
    )
    // Requests that wait for the first one longer than the statement timeout get 504.
    const [created, ...refused] = answers.map(({ status }) => status).sort()
    expect(created).toBe(201)
    expect(refused.filter((status) => status !== 404 && status !== 504)).toEqual([])
    const owners = await api.superuser
      .selectFrom('members')
      .select('role')
      .where('organization_id', '=', id)
      .execute()
    expect(owners).toEqual([{ role: 'owner' }])
    const users = await Promise.all(all.map(({ email }) => usersCalled(email)))
    expect(users.flat()).toHaveLength(1)
  })

  test('is rejected when it is forged or expired', async () => {
    const { id, token } = await firstLink('too late')
    await sql`UPDATE invitations SET expires_at = now() WHERE organization_id = ${id}`.execute(
      api.superuser,
    )
    for (const each of [token, `${token.slice(0, -1)}_`, 'x', '%00']) {
      const late = newcomer()
      expect((await send('GET', `/api/invitation?token=${each}`)).status, each).toBe(404)
      const answer = await send('POST', '/api/invitation', { token: each, ...late })
      expect(answer.status, each).toBe(404)
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.cookie).toBe('')
      expect(await usersCalled(late.email)).toEqual([])
    }
  })

  test.each([
    ['password', { password: 'nine char' }],
    ['password', { password: 'x'.repeat(129) }],
    ['email', { email: 'nobody' }],
    ['name', { name: ' ' }],
    ['role', { role: 'owner' }],
  ])('remains valid after an unacceptable %s: %j', async (field, part) => {
    const { token } = await firstLink(`unacceptable ${++made}`)
    const refused = await send('POST', '/api/invitation', { token, ...newcomer(), ...part })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: `/${field}` }] } })
    expect((await send('GET', `/api/invitation?token=${token}`)).status).toBe(200)
  })

  test('remains valid after an address that already has an account', async () => {
    const { token } = await firstLink('taken')
    const { user } = await (await api.tenant('taker')).signedIn()
    const person = { ...newcomer(), email: user.email.toUpperCase() }
    expect((await send('POST', '/api/invitation', { token, ...person })).status).toBe(409)
    expect((await send('GET', `/api/invitation?token=${token}`)).status).toBe(200)
  })
})

describe('a session', () => {
  test('starts with the right password, with the email address in any case', async () => {
    const tenant = await api.tenant('signing in')
    const { user, password } = await tenant.signedIn()
    const answer = await signIn({ email: user.email.toUpperCase(), password })
    expect(answer).toMatchObject({ status: 200, body: { user } })
    // No token that a script could read.
    expect(Object.keys(answer.body)).toEqual(['user'])
    expect((await me(answer.cookie)).body).toMatchObject({ user, organization: { id: tenant.id } })
    expect(await send('GET', '/api/auth/get-session')).toMatchObject({
      status: 200,
      body: { user: null, expiresAt: null },
    })
    expect(
      (await send('GET', '/api/auth/get-session', undefined, { cookie: answer.cookie })).body.user,
    ).toEqual(user)
  })

  test('does not start otherwise, with the same response for an unknown address', async () => {
    const { user } = await (await api.tenant('wrong')).signedIn()
    const wrong = await signIn({ email: user.email, password: 'not the password' })
    const unknown = await signIn({ email: 'nobody@example.com', password: 'not the password' })
    for (const answer of [wrong, unknown]) {
      expect(answer.status).toBe(401)
      expect(answer.cookie).toBe('')
      expect(answer.headers['content-type']).toContain('application/problem+json')
    }
    expect({ ...wrong.body, instance: '' }).toEqual({ ...unknown.body, instance: '' })
  })

  test.each([
    [undefined, 'cairn.session_token', false],
    ['https://cairn.example.com', '__Secure-cairn.session_token', true],
  ])(
    'is in a cookie that scripts cannot read, with Cairn at %s',
    async (publicUrl, name, secure) => {
      const other = await createTestApi({ publicUrl })
      try {
        const tenant = await other.tenant('cookies')
        const { user, password, cookie } = await tenant.signedIn()
        expect(cookie).toMatch(new RegExp(`^${name}=`))
        const response = await other.app.inject({
          method: 'POST',
          url: '/api/auth/sign-in/email',
          payload: { email: user.email, password },
        })
        const [set, ...more] = [response.headers['set-cookie']].flat() as string[]
        expect(more).toEqual([])
        const [value, ...attributes] = set!.split('; ')
        expect(value).toMatch(new RegExp(`^${name}=.{40,}$`))
        expect(attributes).toEqual(
          expect.arrayContaining(['Path=/', 'HttpOnly', 'SameSite=Lax', 'Max-Age=1209600']),
        )
        expect(attributes.includes('Secure')).toBe(secure)
        expect(attributes.some((each) => each.startsWith('Domain'))).toBe(false)
      } finally {
        await other.close()
      }
    },
  )

  test('ends everywhere after sign-out', async () => {
    const { cookie } = await (await api.tenant('leaving')).signedIn()
    expect((await me(cookie)).status).toBe(200)
    const answer = await send('POST', '/api/auth/sign-out', undefined, { cookie })
    expect(answer.status).toBe(204)
    expect(String(answer.headers['set-cookie'])).toMatch(/cairn\.session_token=;.*Max-Age=0/)
    expect((await me(cookie)).status).toBe(401)
  })

  test('ends when it expires', async () => {
    const { user, cookie } = await (await api.tenant('expiring')).signedIn()
    await sql`UPDATE auth.session SET "expiresAt" = now() WHERE "userId" = ${user.id}`.execute(
      api.superuser,
    )
    expect((await me(cookie)).status).toBe(401)
  })

  test('is extended with its cookie while it is in use', async () => {
    const { user, cookie } = await (await api.tenant('staying')).signedIn()
    expect((await me(cookie)).headers['set-cookie']).toBeUndefined()
    await sql`
      UPDATE auth.session SET "expiresAt" = now() + interval '12 days' WHERE "userId" = ${user.id}
    `.execute(api.superuser)
    expect(String((await me(cookie)).headers['set-cookie'])).toContain('Max-Age=1209600')
  })

  test('ends with the membership, which also removes the password', async () => {
    const tenant = await api.tenant('removing')
    const owner = await tenant.signedIn()
    const member = await tenant.signedIn('member')
    const { items } = (await owner.request('GET', '/api/v1/members')).body
    const { id } = items.find(({ user }: { user: User }) => user.id === member.user.id)
    expect((await owner.request('DELETE', `/api/v1/members/${id}`)).status).toBe(204)
    expect((await me(member.cookie)).status).toBe(401)
    expect((await signIn({ ...member.user, password: member.password })).status).toBe(401)
    expect(await usersCalled(member.user.email)).toEqual([])
  })

  test('without a membership has no access', async () => {
    const { user, cookie } = await (await api.tenant('half removed')).signedIn()
    await sql`DELETE FROM members WHERE user_id = ${user.id}`.execute(api.superuser)
    expect((await me(cookie)).status).toBe(401)
  })

  test('cannot be created from the contents of Postgres', async () => {
    const { user, cookie } = await (await api.tenant('read database')).signedIn()
    const { rows } = await sql<{ token: string }>`
      SELECT token FROM auth.session WHERE "userId" = ${user.id}
    `.execute(api.superuser)
    const name = cookie.split('=', 1)[0]!
    for (const forged of [
      rows[0]!.token,
      `${rows[0]!.token}.`,
      `${rows[0]!.token}.${'A'.repeat(43)}=`,
    ]) {
      const value = encodeURIComponent(forged)
      expect((await me(`${name}=${value}`)).status).toBe(401)
    }
    // The cookie that is right holds more: the signature, by a secret that is not in there.
    expect(decodeURIComponent(cookie)).toContain(`${rows[0]!.token}.`)
  })

  test('of another installation is rejected', async () => {
    const other = await createTestApi()
    try {
      const { cookie } = await (await other.tenant('elsewhere')).signedIn()
      expect((await me(cookie)).status).toBe(401)
    } finally {
      await other.close()
    }
  })
})

describe('the password', () => {
  const change = (person: Person, currentPassword: string, newPassword: string) =>
    person.request('POST', '/api/auth/change-password', { currentPassword, newPassword })

  test('can be changed with the current one, which ends all other sessions', async () => {
    const person = await (await api.tenant('changing')).signedIn()
    const elsewhere = await signIn({ ...person.user, password: person.password })
    const answer = await change(person, person.password, 'another password')
    expect(answer).toMatchObject({ status: 200, body: { user: person.user } })
    expect((await me(elsewhere.cookie)).status).toBe(401)
    expect((await me(person.cookie)).status).toBe(401)
    expect((await me(cookieOf(answer.headers))).status).toBe(200)
    expect((await signIn({ ...person.user, password: person.password })).status).toBe(401)
    expect((await signIn({ ...person.user, password: 'another password' })).status).toBe(200)
  })

  test('cannot be changed without the current one or a session', async () => {
    const person = await (await api.tenant('not changing')).signedIn()
    expect(await change(person, 'wrong password', 'another password')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/currentPassword' }] },
    })
    expect((await change(person, person.password, 'too short')).status).toBe(422)
    const signedOut = await send('POST', '/api/auth/change-password', {
      currentPassword: person.password,
      newPassword: 'another password',
    })
    expect(signedOut.status).toBe(401)
    expect((await signIn({ ...person.user, password: person.password })).status).toBe(200)
  })

  test('remains when all other sessions are ended', async () => {
    const person = await (await api.tenant('ending others')).signedIn()
    const elsewhere = await signIn({ ...person.user, password: person.password })
    const answer = await person.request('POST', '/api/auth/revoke-other-sessions')
    expect(answer.status).toBe(204)
    expect((await me(elsewhere.cookie)).status).toBe(401)
    expect((await me(person.cookie)).status).toBe(200)
  })

  test('cannot be guessed, because attempts are limited', async () => {
    const { user, password } = await (await api.tenant('guessing')).signedIn()
    const guess = (remoteAddress: string, given: string) =>
      api.app.inject({
        method: 'POST',
        url: '/api/auth/sign-in/email',
        remoteAddress,
        // A client does not say where it is.
        headers: {
          'x-forwarded-for': `1.1.1.${++made % 256}`,
          'x-cairn-client-address': `1.1.2.${made % 256}`,
        },
        payload: { email: user.email, password: given },
      })
    const statuses: number[] = []
    for (let n = 0; n < 10; n++) statuses.push((await guess('192.0.2.1', `guess ${n}`)).statusCode)
    expect(statuses).toEqual(Array(10).fill(401))
    const refused = await guess('192.0.2.1', password)
    expect(refused.statusCode).toBe(429)
    expect(refused.headers['content-type']).toContain('application/problem+json')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers['set-cookie']).toBeUndefined()
    // Other addresses are not limited.
    expect((await guess('192.0.2.2', password)).statusCode).toBe(200)
  })
})

describe('the client address', () => {
  test('is read from a trusted proxy only, and attempts are limited per client', async () => {
    const other = await createTestApi({ trustedProxies: ['10.9.0.0/16'] })
    try {
      const { user, password } = await (await other.tenant('proxied')).signedIn()
      const signInStatus = async (given: string, forwardedFor: string, proxy = '10.9.0.1') =>
        (
          await other.app.inject({
            method: 'POST',
            url: '/api/auth/sign-in/email',
            remoteAddress: proxy,
            headers: { 'x-forwarded-for': forwardedFor },
            payload: { email: user.email, password: given },
          })
        ).statusCode
      // The client's own entry comes first, and the proxy appends the client's address.
      for (let n = 0; n < 10; n++)
        expect(await signInStatus('wrong password', `198.51.100.${n}, 192.0.2.1`)).toBe(401)
      expect(await signInStatus(password, '198.51.100.99, 192.0.2.1')).toBe(429)
      expect(await signInStatus(password, '192.0.2.2')).toBe(200)
      // The header of an untrusted address is ignored.
      for (let n = 0; n < 10; n++)
        expect(await signInStatus('wrong password', `203.0.113.${n}`, '192.0.2.3')).toBe(401)
      expect(await signInStatus(password, '203.0.113.99', '192.0.2.3')).toBe(429)
    } finally {
      await other.close()
    }
  })
})

describe('a request with a cookie', () => {
  const made = (name: string) => ({ name })

  test.each<[string, Record<string, string>, number]>([
    ['a page of this origin', { 'sec-fetch-site': 'same-origin' }, 201],
    ['an older browser, from this origin', { origin: 'http://localhost:80' }, 201],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbor', { 'sec-fetch-site': 'same-site' }, 403],
    ['nowhere, which no script can', { 'sec-fetch-site': 'none' }, 403],
    ['an older browser, from elsewhere', { origin: 'https://example.com' }, 403],
    ['an older browser, from another port', { origin: 'http://localhost:81' }, 403],
    ['a sandbox', { origin: 'null' }, 403],
    ['an unknown origin', {}, 403],
  ])('can change data only from the same origin (%s): %j %i', async (_where, headers, status) => {
    const { cookie } = await (await api.tenant(`origin ${JSON.stringify(headers)}`)).signedIn()
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/connections',
      payload: made('x'),
      headers: { cookie, host: 'localhost:80', ...headers },
    })
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toContain(
      status === 403 ? 'application/problem+json' : 'application/json',
    )
    const list = await api.app.inject({ url: '/api/v1/connections', headers: { cookie } })
    expect(list.json().items).toHaveLength(status === 201 ? 1 : 0)
  })

  test('is accepted from the public URL with any host name of a proxy', async () => {
    const other = await createTestApi({ publicUrl: 'https://cairn.example.com/base' })
    try {
      const { cookie } = await (await other.tenant('proxied')).signedIn()
      const ask = async (origin: string) =>
        (
          await other.app.inject({
            method: 'POST',
            url: '/api/v1/connections',
            payload: made('x'),
            headers: { cookie, host: 'backend:3000', origin },
          })
        ).statusCode
      expect(await ask('https://cairn.example.com')).toBe(201)
      expect(await ask('http://cairn.example.com')).toBe(403)
      expect(await ask('https://cairn.example.com.evil.example')).toBe(403)
    } finally {
      await other.close()
    }
  })

  test.each([
    '/api/auth/sign-out',
    '/api/auth/change-password',
    '/api/auth/sign-in/email',
    '/api/invitation',
  ])('to %s is rejected from another site', async (url) => {
    const person = await (await api.tenant(`elsewhere ${url}`)).signedIn()
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', cookie: person.cookie },
      // Another site's page cannot sign a user in either.
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await send('POST', url, { email: 'a@b.cd', password: 'x' }, headers as never)
      expect(answer.status).toBe(403)
    }
    expect((await me(person.cookie)).status).toBe(200)
  })

  test('uses only the key if it also has a key, from any origin', async () => {
    const [one, other] = [await api.tenant('the key'), await api.tenant('the cookie')]
    const { cookie } = await other.signedIn()
    const ask = (authorization: string) =>
      send('GET', '/api/v1/me', undefined, { cookie, authorization })
    expect((await ask(`Bearer ${one.key}`)).body).toMatchObject({
      user: null,
      role: null,
      organization: { id: one.id },
    })
    const made = await send(
      'POST',
      '/api/v1/connections',
      { name: 'x' },
      {
        cookie,
        authorization: `Bearer ${one.key}`,
        'sec-fetch-site': 'cross-site',
      },
    )
    expect(made.status).toBe(201)
    // A wrong key is rejected even with a valid cookie.
    expect((await ask('Bearer unknown')).status).toBe(401)
  })
})

test.each([
  ['POST', '/api/auth/sign-up/email'],
  ['POST', '/api/auth/request-password-reset'],
  ['POST', '/api/auth/reset-password'],
  ['POST', '/api/auth/update-user'],
  ['POST', '/api/auth/delete-user'],
  ['POST', '/api/auth/set-password'],
  ['GET', '/api/auth/list-sessions'],
  ['GET', '/api/auth/ok'],
  ['GET', '/api/demo/sign-in'],
])('the route %s %s does not exist', async (method, url) => {
  const before = await usersCalled('newcomer@example.com')
  const answer = await send(
    method,
    url,
    method === 'POST'
      ? {
          name: 'x',
          email: 'newcomer@example.com',
          password: 'long enough for it',
        }
      : undefined,
  )
  expect(answer.status).toBe(404)
  expect(await usersCalled('newcomer@example.com')).toEqual(before)
})

describe('the demo', () => {
  test('signs in only users of the same machine', async () => {
    const demoOwner = { email: 'demo@example.com', password: 'of the demo' }
    const demo = await createTestApi({ demoOwner })
    try {
      const tenant = await demo.tenant('demo')
      const token = (await firstOwnerToken(demo.context.system, tenant.id))!
      await demo.app.inject({
        method: 'POST',
        url: '/api/invitation',
        payload: { token, name: 'Demo', ...demoOwner },
      })
      const visit = (remoteAddress: string, headers: Record<string, string>) =>
        demo.app.inject({ url: '/api/demo/sign-in', remoteAddress, headers })
      const here = await visit('127.0.0.1', { host: '127.0.0.1:3000', 'sec-fetch-site': 'none' })
      expect(here.statusCode).toBe(302)
      expect(here.headers.location).toBe('/')
      const { user, demo: isDemo } = (
        await demo.app.inject({ url: '/api/v1/me', headers: { cookie: cookieOf(here.headers) } })
      ).json()
      expect({ email: user.email, isDemo }).toEqual({ email: demoOwner.email, isDemo: true })
      const offered = async (remoteAddress: string, host: string) =>
        (
          await demo.app.inject({ url: '/api/auth/get-session', remoteAddress, headers: { host } })
        ).json().demoSignIn
      expect(await offered('127.0.0.1', 'localhost:3000')).toBe('/api/demo/sign-in')
      expect(await offered('192.0.2.1', 'localhost:3000')).toBeNull()
      for (const [address, host, site] of [
        ['192.0.2.1', 'localhost:3000', 'none'],
        // A name that an attacker points to this server (DNS rebinding).
        ['127.0.0.1', 'evil.example:3000', 'none'],
        ['127.0.0.1', 'localhost.evil.example', 'none'],
        ['127.0.0.1', 'localhost:3000', 'cross-site'],
      ] as const) {
        const refused = await visit(address, { host, 'sec-fetch-site': site })
        expect(refused.statusCode).toBe(403)
        expect(refused.headers['set-cookie']).toBeUndefined()
      }
    } finally {
      await demo.close()
    }
  })
})

test('passwords, cookies and links are not in Postgres in plain text, nor in the log', async () => {
  const tenant = await api.tenant('secrets')
  const owner = await tenant.signedIn()
  const invited = (await owner.request('POST', '/api/v1/invitations', {})).body
  const token = new URL(invited.url).searchParams.get('token')!
  const person = newcomer()
  const accepted = await send('POST', '/api/invitation', { token, ...person })
  expect(accepted.status).toBe(201)
  await send('GET', `/api/invitation?token=${token}`)
  await signIn({ ...person, password: 'a wrong password' })
  const key = (await owner.request('POST', '/api/v1/api-keys', { name: 'x' })).body.key
  const again = await signIn(person)
  const cookies = [owner.cookie, accepted.cookie, again.cookie].map((cookie) =>
    decodeURIComponent(cookie.slice(cookie.indexOf('=') + 1)),
  )
  const signatures = cookies.map((value) => value.split('.')[1]!)
  const secrets = [token, person.password, owner.password, 'a wrong password', key, ...signatures]
  for (const secret of [...secrets, api.context.auth.settings.secret])
    expect(secret.length).toBeGreaterThan(12)

  const { rows: tables } = await sql<{ name: string }>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname IN ('public', 'auth')
  `.execute(api.superuser)
  expect(tables.length).toBeGreaterThan(15)
  let held = ''
  for (const { name } of tables) {
    const { rows } = await sql`SELECT t::text AS row FROM ${sql.raw(name)} t`.execute(api.superuser)
    held += JSON.stringify(rows)
  }
  // The dump would contain them if they were stored.
  expect(held).toContain(person.email)
  expect(logged).toContain('/api/invitation')
  for (const secret of [...secrets, ...cookies, api.context.auth.settings.secret]) {
    expect(held).not.toContain(secret)
    expect(logged).not.toContain(secret)
  }
  const sessions = cookies.map((value) => value.split('.')[0]!)
  for (const each of sessions) expect(logged).not.toContain(each)
  expect(logged).not.toContain(person.email)
})
