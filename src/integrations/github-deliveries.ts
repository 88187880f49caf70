/**
 * The part of GitHub's REST API that lists the deliveries of a webhook.
 * https://docs.github.com/en/rest/repos/webhooks and https://docs.github.com/en/rest/orgs/webhooks
 */

import { z } from 'zod'

const GITHUB_API_URL = 'https://api.github.com'

/**
 * For how long GitHub lists deliveries: 3 days on github.com, 7 days on GitHub Enterprise Server.
 * https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
 */
export const LISTED_DAYS = 7

const TIMEOUT_MS = 30_000
/** A payload has at most 25 MB; its delivery contains the response as well. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024
const PAGE_SIZE = 100
/** Of webhooks of one owner. GitHub allows 20 per event and repository. */
const MAX_HOOK_PAGES = 10
/** Requests of the token's quota that are left to its other users. */
const RESERVED_REQUESTS = 100
const DEFAULT_PAUSE_MS = 60_000
const MAX_PAUSE_MS = 3_600_000

/** Why GitHub's API cannot be used, and what to do, in sentences without credentials. */
export class GitHubProblem extends Error {
  override readonly name = 'GitHubProblem'
  /** No request can succeed before this time. */
  readonly retryAt: Date | undefined

  constructor(message: string, options: { retryAt?: Date; cause?: unknown } = {}) {
    super(message)
    this.retryAt = options.retryAt
  }
}

/** One attempt of GitHub to deliver. Attempts of the same delivery have the same GUID. */
export interface ListedAttempt {
  id: string
  guid: string
  deliveredAt: Date
  /** Whether it was asked for, after the first attempt. */
  isRedelivery: boolean
  event: string
}

interface ListedAttempts {
  attempts: ListedAttempt[]
  /** False if older ones were not listed in time. */
  isComplete: boolean
}

/** What GitHub sent. */
interface SentDelivery {
  event: string
  guid: string
  /** Undefined if GitHub does not have it any more. */
  payload: unknown
}

/** IDs can exceed the integers that JSON.parse() reads exactly. */
const id = z.union([z.number(), z.string().regex(/^\d{1,30}$/)]).transform(String)

const hooksSchema = z.array(z.object({ id, config: z.object({ url: z.string().optional() }) }))

/** `hook-delivery-item` of GitHub's OpenAPI description. */
const itemSchema = z.object({
  id,
  guid: z.string().min(1).max(200),
  delivered_at: z.string().transform((text, context) => {
    const time = new Date(text)
    if (!Number.isNaN(time.getTime())) return time
    context.addIssue({ code: 'custom', message: 'is not a time' })
    return z.NEVER
  }),
  redelivery: z.boolean(),
  event: z.string().min(1),
})

/** `hook-delivery`. */
const deliverySchema = itemSchema.extend({
  request: z.object({ payload: z.record(z.string(), z.unknown()).nullish() }),
})

/** `acme` is an organization, `acme/shop` a repository. */
const pathOf = (owner: string) => (owner.includes('/') ? `/repos/${owner}` : `/orgs/${owner}`)

export interface GitHubDeliveries {
  /**
   * The webhooks of an organization or a repository that send to an integration.
   *
   * @param owner `acme` or `acme/shop`
   * @returns their IDs
   * @throws GitHubProblem
   */
  hooksOf(owner: string, integrationId: string): Promise<string[]>
  /**
   * The attempts since a time, newest first.
   *
   * @param period.until in milliseconds since 1970: no page but the first is requested later
   * @throws GitHubProblem
   */
  attempts(hook: Hook, period: { since: Date; until: number }): Promise<ListedAttempts>
  /** @returns undefined if GitHub no longer has it @throws GitHubProblem */
  delivery(hook: Hook, attemptId: string): Promise<SentDelivery | undefined>
  /** Asks GitHub to send a delivery again. @throws GitHubProblem */
  redeliver(hook: Hook, attemptId: string): Promise<void>
}

export interface Hook {
  owner: string
  hookId: string
}

interface Request {
  owner: string
  path: string
  method?: 'GET' | 'POST'
}

/**
 * @param options.token a personal access token
 * @param options.apiUrl without a trailing slash
 */
export function githubDeliveries(options: {
  token: string
  apiUrl?: string | undefined
  signal: AbortSignal
  now: () => number
}): GitHubDeliveries {
  const { token, apiUrl = GITHUB_API_URL, signal, now } = options

  async function send({ owner, path, method = 'GET' }: Request) {
    const response = await fetch(`${apiUrl}${pathOf(owner)}/hooks${path}`, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'user-agent': 'Cairn',
        'x-github-api-version': '2022-11-28',
      },
      // A redirect could lead to another host, which must not receive the token.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).catch((error) => {
      signal.throwIfAborted()
      throw new GitHubProblem(unreachable(apiUrl, error))
    })
    const pause = pauseOf(response, now())
    if (pause !== undefined) {
      await response.body?.cancel()
      const time = pause.toISOString().slice(0, 16).replace('T', ' ')
      throw new GitHubProblem(
        `GitHub's rate limit of the token is used up. Cairn continues at ${time} UTC. If this happens often, use a token of its own for Cairn.`,
        { retryAt: pause },
      )
    }
    return response
  }

  async function read<Schema extends z.ZodType>(
    schema: Schema,
    request: Request,
  ): Promise<{ data: z.output<Schema>; nextCursor: string | undefined }> {
    const response = await send(request)
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new GitHubProblem(problemOf(response.status, request.owner))
    }
    const parsed = schema.safeParse(await parseBody(response, signal))
    if (!parsed.success) throw new GitHubProblem(unreadable)
    return { data: parsed.data, nextCursor: nextCursorOf(response) }
  }

  return {
    async hooksOf(owner, integrationId) {
      const found: string[] = []
      for (let page = 1; page <= MAX_HOOK_PAGES; page++) {
        const path = `?per_page=${PAGE_SIZE}&page=${page}`
        const { data } = await read(hooksSchema, { owner, path })
        for (const hook of data) {
          if (isAddressOf(hook.config.url, integrationId)) found.push(hook.id)
        }
        if (data.length < PAGE_SIZE) break
      }
      return found
    },
    async attempts({ owner, hookId }, { since, until }) {
      const found: ListedAttempt[] = []
      const seen = new Set<string>()
      for (let cursor = ''; ; ) {
        const query = `per_page=${PAGE_SIZE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
        const path = `/${hookId}/deliveries?${query}`
        const { data, nextCursor } = await read(z.array(itemSchema), { owner, path })
        for (const item of data) {
          if (item.delivered_at < since) return { attempts: found, isComplete: true }
          found.push({
            id: item.id,
            guid: item.guid,
            deliveredAt: item.delivered_at,
            isRedelivery: item.redelivery,
            event: item.event,
          })
        }
        if (nextCursor === undefined || seen.has(nextCursor)) {
          return { attempts: found, isComplete: true }
        }
        if (now() > until) return { attempts: found, isComplete: false }
        seen.add(nextCursor)
        cursor = nextCursor
      }
    },
    async delivery({ owner, hookId }, attemptId) {
      const path = `/${hookId}/deliveries/${attemptId}`
      const response = await send({ owner, path })
      if (response.status !== 200) {
        await response.body?.cancel()
        if (response.status === 404 || response.status === 410) return undefined
        throw new GitHubProblem(problemOf(response.status, owner))
      }
      const parsed = deliverySchema.safeParse(await parseBody(response, signal))
      if (!parsed.success) throw new GitHubProblem(unreadable)
      const { event, guid, request } = parsed.data
      return { event, guid, payload: request.payload ?? undefined }
    },
    async redeliver({ owner, hookId }, attemptId) {
      const path = `/${hookId}/deliveries/${attemptId}/attempts`
      const response = await send({ owner, path, method: 'POST' })
      await response.body?.cancel()
      if (response.status === 202) return
      throw new GitHubProblem(
        `GitHub does not contain the payload of a missed delivery of ${owner}, and refused to send it again (${response.status}). Give the token write access to webhooks, or select Redeliver in GitHub.`,
      )
    },
  }
}

const unreadable = "GitHub's response cannot be read. Cairn retries."

/** Whether a webhook's URL is that of an integration, with any host and base path. */
function isAddressOf(url: string | undefined, integrationId: string): boolean {
  const path = URL.parse(url ?? '')?.pathname.replace(/\/+$/, '') ?? ''
  return path.toLowerCase().endsWith(`/webhooks/${integrationId}`)
}

/** Codes of Node's network errors; messages can contain more than is needed. */
function unreachable(apiUrl: string, error: unknown): string {
  const { cause, name } = error as Error & { cause?: { code?: string } }
  const reason = name === 'TimeoutError' ? `no response within ${TIMEOUT_MS / 1000} s` : cause?.code
  return `Cannot reach ${new URL(apiUrl).host} (${reason ?? 'network error'}). Allow Cairn's workers to connect to it. Cairn retries.`
}

function problemOf(status: number, owner: string): string {
  const what = owner.includes('/') ? `the repository ${owner}` : `the organization ${owner}`
  switch (true) {
    case status === 401:
      return 'GitHub does not accept the token: it is wrong, expired or revoked. Create another token in GitHub, and enter it here.'
    case status === 403:
      return `The token may not read the webhooks of ${what}. Grant it read access to webhooks, and approve it for the organization.`
    case status === 404:
      return `GitHub shows this token no webhooks of ${what}. Correct the name, or give the token access: fine-grained with read access to webhooks, or classic with ${owner.includes('/') ? 'read:repo_hook' : 'admin:org_hook'}.`
    case status >= 300 && status < 400:
      return `GitHub has redirected the request for ${what}: it was renamed or moved. Enter its current name.`
    default:
      return `GitHub answered with status ${status}. Cairn retries.`
  }
}

/**
 * When requests may continue, if the quota is used up.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function pauseOf({ status, headers }: Response, now: number): Date | undefined {
  const number = (name: string) => {
    const value = headers.get(name)
    return value !== null && /^\d{1,12}$/.test(value) ? Number(value) : undefined
  }
  const limit = number('x-ratelimit-limit') ?? 0
  const remaining = number('x-ratelimit-remaining')
  const retryAfter = number('retry-after')
  const isRefused =
    status === 429 || (status === 403 && (remaining === 0 || retryAfter !== undefined))
  const isAlmostUsedUp =
    remaining !== undefined && remaining < Math.min(RESERVED_REQUESTS, limit / 10)
  if (!isRefused && !isAlmostUsedUp) return undefined
  const reset = number('x-ratelimit-reset')
  let pauseMs = DEFAULT_PAUSE_MS
  if (retryAfter !== undefined) pauseMs = retryAfter * 1000
  else if (reset !== undefined) pauseMs = reset * 1000 - now
  return new Date(now + Math.min(Math.max(pauseMs, 1000), MAX_PAUSE_MS))
}

/** Of the header `Link`. The address itself is not used: it could be on another host. */
function nextCursorOf({ headers }: Response): string | undefined {
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? []
  return URL.parse(next ?? '')?.searchParams.get('cursor') || undefined
}

/** @throws GitHubProblem for what is not JSON or too large */
async function parseBody(response: Response, signal: AbortSignal): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > MAX_RESPONSE_BYTES) throw new GitHubProblem(unreadable)
      chunks.push(chunk)
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'), exactIntegers)
  } catch {
    signal.throwIfAborted()
    throw new GitHubProblem(unreadable)
  }
}

/** Keeps the digits of integers that a number cannot represent, as text. */
function exactIntegers(this: unknown, _key: string, value: unknown, context?: { source?: string }) {
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value)
  const { source } = context ?? {}
  return isInexact && source !== undefined && /^-?\d+$/.test(source) ? source : value
}
