import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A delivery attempt of GitHub: fields of `hook-delivery-item`, and the request. */
interface DeliveryAttempt {
  /** Text, because IDs can exceed the integers that JavaScript reads exactly. */
  id: string
  guid: string
  deliveredAt: Date
  event: string
  payload: unknown
  isRedelivery?: boolean
}

interface Hook {
  id: number
  /** `acme` or `acme/shop` */
  owner: string
  url: string
  attempts: DeliveryAttempt[]
}

export interface FakeGitHub {
  url: string
  token: string
  hooks: Hook[]
  /** `GET /orgs/acme/hooks`, in the order of their arrival. */
  requests: string[]
  /** Attempts that were asked for. */
  redelivered: string[]
  /** The number of attempts of a page. */
  pageSize: number
  /** Answers in place of the API if it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean
  close(): Promise<void>
}

/**
 * The part of GitHub's REST API that lists the deliveries of webhooks, with GitHub's field names:
 * https://docs.github.com/en/rest/repos/webhooks. A wrong token gets 401, and what it does not see 404.
 */
export async function startFakeGitHub(): Promise<FakeGitHub> {
  const server = createServer((request, response) => {
    fake.requests.push(`${request.method} ${request.url}`)
    if (fake.intercept(request, response)) return
    if (request.headers.authorization !== `Bearer ${fake.token}`) {
      reply(response, 401, { message: 'Bad credentials', status: '401' })
      return
    }
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const [, owner, rest = ''] = /^\/(?:orgs|repos)\/(.+?)\/hooks(\/.*)?$/.exec(pathname) ?? []
    const hooks = fake.hooks.filter((hook) => hook.owner === owner)
    if (hooks.length === 0) return notFound(response)
    if (rest === '') {
      const config = (url: string) => ({ url, content_type: 'json', secret: '********' })
      const body = hooks.map(({ id, url }) => ({ id, name: 'web', config: config(url) }))
      return reply(response, 200, body)
    }
    const [, hookId, attemptId, again] = /^\/(\d+)\/deliveries(?:\/(\d+))?(\/attempts)?$/.exec(
      rest,
    )!
    const hook = hooks.find(({ id }) => String(id) === hookId)
    if (!hook) return notFound(response)
    if (attemptId === undefined) return list(response, hook, searchParams)
    const attempt = hook.attempts.find(({ id }) => id === attemptId)
    if (!attempt) return notFound(response)
    if (again) {
      fake.redelivered.push(attemptId)
      return reply(response, 202, {})
    }
    const { payload } = attempt
    const request_ = { headers: { 'X-GitHub-Event': attempt.event }, payload }
    return reply(response, 200, { ...item(attempt), request: request_ }, attempt)
  })

  function list(response: ServerResponse, { owner, id, attempts }: Hook, query: URLSearchParams) {
    const sorted = attempts.toSorted((a, b) => +b.deliveredAt - +a.deliveredAt)
    const from = Number((query.get('cursor') ?? 'v1_0').slice(3))
    const page = sorted.slice(from, from + fake.pageSize)
    const next = from + fake.pageSize
    if (next < sorted.length) {
      const path = owner.includes('/') ? `repositories/1` : `organizations/1`
      const address = `${fake.url}/${path}/hooks/${id}/deliveries?per_page=100&cursor=v1_${next}`
      response.setHeader('link', `<${address}>; rel="next"`)
    }
    const [first, ...others] = page
    // IDs are written as numbers.
    const text = [first, ...others].flatMap((each) => (each ? [withId(item(each), each)] : []))
    response.setHeader('content-type', 'application/json')
    response.end(`[${text.join(',')}]`)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeGitHub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: `github_pat_${'x'.repeat(30)}`,
    hooks: [],
    requests: [],
    redelivered: [],
    pageSize: 100,
    intercept: () => false,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

const item = ({ guid, deliveredAt, event, isRedelivery = false }: DeliveryAttempt) => ({
  id: '',
  guid,
  delivered_at: deliveredAt.toISOString(),
  redelivery: isRedelivery,
  duration: 0.27,
  status: 'Service Unavailable',
  status_code: 503,
  event,
  action: null,
  installation_id: null,
  repository_id: 1,
  throttled_at: null,
})

function withId(body: object, { id }: DeliveryAttempt): string {
  return JSON.stringify(body).replace('"id":""', `"id":${id}`)
}

function reply(
  response: ServerResponse,
  status: number,
  body: object,
  attempt?: DeliveryAttempt,
): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(attempt ? withId(body, attempt) : JSON.stringify(body))
}

const notFound = (response: ServerResponse) =>
  reply(response, 404, { message: 'Not Found', status: '404' })
