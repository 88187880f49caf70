import { setTimeout as sleep } from 'node:timers/promises'
import type { Cairn } from '../src/main.ts'

const READY_WITHIN_MS = 15_000

/** Cairn's public API, as anybody would use it. */
export class Api {
  readonly #base: string
  readonly #key: string

  constructor({ url, apiKey }: Cairn) {
    this.#base = `${url}/api/v1`
    this.#key = apiKey!
  }

  async request<T>(method: string, route: string, body?: unknown): Promise<T> {
    const response = await fetch(this.#base + route, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const answer = (await response.json()) as T & { detail?: string }
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${answer.detail}`)
    return answer
  }

  /** A file that Cairn serves. */
  async text(url: string): Promise<string> {
    const response = await fetch(url, { headers: { authorization: `Bearer ${this.#key}` } })
    if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${await response.text()}`)
    return response.text()
  }

  /** Asks until the answer will do: some things are found out within moments of the start. */
  async ready<T>(route: string, will: (answer: T) => boolean): Promise<T> {
    for (const began = Date.now(); ; await sleep(200)) {
      const answer = await this.request<T>('GET', route)
      if (will(answer) || Date.now() - began > READY_WITHIN_MS) return answer
    }
  }
}
