import { setTimeout as sleep } from 'node:timers/promises'

const READY_WITHIN_MS = 15_000

/** How long requests are retried while the API does not respond or is unavailable. Milliseconds. */
const RETRY_WITHIN_MS = 60_000
const RETRY_PAUSE_MS = 500

/** Cairn's public API, as any client would use it. */
export class Api {
  readonly #base: string
  readonly #key: string
  readonly #signal: AbortSignal | undefined
  readonly #retryWithinMs: number

  /**
   * @param signal ends requests and waits: they reject with its reason
   * @param options.retryWithinMs how long a request is repeated after a 429 or 503, or after no
   *   answer; default one minute
   */
  constructor(
    { url, apiKey }: { url: string; apiKey: string | undefined },
    signal?: AbortSignal,
    { retryWithinMs = RETRY_WITHIN_MS } = {},
  ) {
    this.#base = `${url}/api/v1`
    this.#key = apiKey!
    this.#signal = signal
    this.#retryWithinMs = retryWithinMs
  }

  /** @throws with the request and the reason, when the API rejects it or does not respond in time */
  async request<T>(method: string, route: string, body?: unknown): Promise<T> {
    const response = await this.#fetch(method, this.#base + route, `${method} ${route}`, body)
    const text = await response.text()
    const answer = parse(text) as (T & { detail?: string }) | undefined
    if (response.ok && answer !== undefined) return answer
    const reason = answer?.detail ?? (text.slice(0, 200) || response.statusText)
    throw new Error(`${method} ${route}: ${response.status} ${reason}`)
  }

  /** A file that Cairn serves. */
  async text(url: string): Promise<string> {
    const response = await this.#fetch('GET', url, `GET ${url}`)
    if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`)
    return response.text()
  }

  /** Repeats the request until the response is as expected: some facts are determined shortly after start. */
  async ready<T>(route: string, will: (answer: T) => boolean): Promise<T> {
    for (const began = Date.now(); ; await sleep(200, undefined, { signal: this.#signal })) {
      const answer = await this.request<T>('GET', route)
      if (will(answer) || Date.now() - began > READY_WITHIN_MS) return answer
    }
  }

  /** Repeats what could not be answered at the moment, and has changed nothing. */
  async #fetch(method: string, url: string, what: string, body?: unknown): Promise<Response> {
    const began = performance.now()
    for (;;) {
      const response = await fetch(url, {
        method,
        signal: this.#signal,
        headers: {
          authorization: `Bearer ${this.#key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      }).catch((error: Error) => {
        // A POST whose answer was lost may have been carried out.
        if (this.#signal?.aborted || method === 'POST') throw noAnswer(what, error)
        return noAnswer(what, error)
      })
      const isTooLate = performance.now() - began > this.#retryWithinMs
      if (response instanceof Error) {
        if (isTooLate) throw response
      } else if (isTooLate || (response.status !== 503 && response.status !== 429)) {
        return response
      } else {
        await response.body?.cancel()
      }
      await sleep(RETRY_PAUSE_MS, undefined, { signal: this.#signal })
    }
  }
}

function noAnswer(what: string, error: Error): Error {
  const { message } = (error.cause as Error | undefined) ?? error
  return new Error(`${what}: no answer: ${message}`, { cause: error })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
