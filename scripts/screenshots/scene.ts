/** What the pictures show: accounts in several states, the demo's incident, rules, webhooks. */

import type { APIRequestContext } from 'playwright-core'
import { generateHistory } from '../../simulator/generate.ts'
import type { Simulator } from '../../simulator/index.ts'
import { eventually } from '../../testing/eventually.ts'
import { putRole } from '../../testing/roles.ts'
import type { Api } from '../api.ts'
import { createEnvironments, type DemoStory, sendStory } from '../demo-story.ts'

export const PRODUCTION = '111122223333'
export const STAGING = '444455556666'
const MEMBER_EMAIL = 'mei.tanaka@example.com'
const DAY_MS = 24 * 3_600_000
/** Requests a second and region: an import that lasts while its pictures are taken. */
const SLOW_TPS = 0.2

/** IDs, and addresses of pages for people who are not signed in. */
export interface Scene {
  complete: string
  failed: string
  awaiting: string
  largestChange: string
  deniedChange: string
  gitHubChange: string
  incident: string
  /** An incident that no change explains. */
  unexplained: string
  /** ISO 8601. */
  noticedAt: string
  /** The integration. */
  gitHub: string
  resetPath: string
  invitationPath: string
}

interface Connection {
  id: string
  externalId: string
  status: string
}

/** Fills the simulated accounts with a week that has a seed: only the times differ from run to run. */
export function fillAccounts(simulator: Simulator): void {
  const now = simulator.now()
  for (const [index, accountId] of [PRODUCTION, STAGING].entries()) {
    const from = new Date(now - 7 * DAY_MS)
    const history = generateHistory({ seed: index + 1, accountId, from, to: new Date(now) })
    simulator.addEvents(history, { accountId })
  }
}

/** Connects accounts to one installation, and brings them into the states of the pictures. */
export class SceneBuilder {
  readonly #simulator: Simulator
  readonly #api: Api
  readonly #story: DemoStory

  constructor(simulator: Simulator, api: Api, story: DemoStory) {
    this.#simulator = simulator
    this.#api = api
    this.#story = story
  }

  /** Starts the import of the first account, slowly. */
  async startImport() {
    const environment = await createEnvironments(this.#api)
    const connection = await this.#create('Shop production', environment)
    this.#simulator.configure({ tps: SLOW_TPS })
    await this.#setRole(connection, PRODUCTION)
    return { environment, connection }
  }

  /**
   * @param first what `startImport` returned
   * @param owner with the session of an owner
   */
  async finish(
    first: { environment: string; connection: Connection },
    owner: APIRequestContext,
  ): Promise<Scene> {
    const api = this.#api
    this.#simulator.configure({ tps: null })
    await this.#imported(first.connection)
    const failed = await this.#failVerification()
    const awaiting = await this.#create('Data platform', first.environment)
    const incident = await sendStory(api, this.#story, first.environment)
    const noticedAt = new Date(this.#simulator.now() - 4.4 * DAY_MS).toISOString()
    const unexplained = await api.request<{ id: string }>('POST', '/incidents', {
      title: 'Search: p99 latency above 2 s',
      noticedAt,
      services: ['search'],
      environmentId: first.environment,
    })
    const { items: integrations } = await api.request<{ items: { id: string; kind: string }[] }>(
      'GET',
      '/integrations',
    )
    return {
      complete: first.connection.id,
      failed: failed.id,
      awaiting: awaiting.id,
      ...(await this.#findChanges(first.connection)),
      incident,
      unexplained: unexplained.id,
      noticedAt: this.#story.alertAt.toISOString(),
      gitHub: integrations.find(({ kind }) => kind === 'github')!.id,
      ...(await this.#invite(owner)),
    }
  }

  #create(name: string, environmentId?: string) {
    return this.#api.request<Connection>('POST', '/connections', {
      name,
      environmentId,
      lookbackDays: 7,
    })
  }

  async #setRole({ id, externalId }: Connection, accountId: string) {
    const roleArn = `arn:aws:iam::${accountId}:role/cairn-read-only`
    putRole(this.#simulator, { roleArn, externalId })
    await this.#api.request('PATCH', `/connections/${id}`, { roleArn })
    return roleArn
  }

  async #imported({ id }: Connection) {
    await eventually(
      () => this.#api.request<Connection>('GET', `/connections/${id}`),
      ({ status }) => status === 'current',
    )
  }

  /** An account that was imported until its role's trust policy stopped requiring the external ID. */
  async #failVerification() {
    const connection = await this.#create('Shop staging')
    const roleArn = await this.#setRole(connection, STAGING)
    await this.#imported(connection)
    putRole(this.#simulator, {
      roleArn,
      externalId: connection.externalId,
      condition: { StringLike: { 'sts:ExternalId': '*' } },
    })
    await this.#api.request('POST', `/connections/${connection.id}/verify`)
    return connection
  }

  async #findChanges({ id }: Connection) {
    interface Found {
      id: string
      detail: { edits?: unknown[] }
    }
    const from = new Date(this.#simulator.now() - 6 * DAY_MS).toISOString()
    const find = async (query: string) => {
      const route = `/changes?limit=200&from=${from}&${query}`
      return (await this.#api.request<{ items: Found[] }>('GET', route)).items
    }
    const edits = ({ detail }: Found) => detail.edits?.length ?? 0
    const succeeded = await find(`connection=${id}&noise=false&outcome=succeeded`)
    const [denied] = await find('outcome=denied')
    const [deployed] = await find('source=github')
    return {
      largestChange: succeeded.toSorted((a, b) => edits(b) - edits(a))[0]!.id,
      deniedChange: denied!.id,
      gitHubChange: deployed!.id,
    }
  }

  /** Invites a person who accepts, and another who does not; then resets the first one's password. */
  async #invite(owner: APIRequestContext) {
    const path = (url: string) => url.slice(new URL(url).origin.length)
    const post = async (to: string, data: object) => {
      const response = await owner.post(to, { data })
      if (!response.ok()) throw new Error(`POST ${to}: ${await response.text()}`)
      return response.status() === 204 ? undefined : await response.json()
    }
    const invite = async () => (await post('/api/v1/invitations', {})).url as string
    const { origin, searchParams } = new URL(await invite())
    // Without the owner's session: the person who accepts is signed in.
    const accepted = await fetch(`${origin}/api/invitation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({
        token: searchParams.get('token'),
        name: 'Mei Tanaka',
        email: MEMBER_EMAIL,
        password: 'a password of Mei',
      }),
    })
    if (!accepted.ok) throw new Error(`POST /api/invitation: ${await accepted.text()}`)
    const { items } = await (await owner.get('/api/v1/members')).json()
    const member = items.find(
      ({ user }: { user: { email: string } }) => user.email === MEMBER_EMAIL,
    )
    const reset = await post(`/api/v1/members/${member.id}/password-reset`, {})
    return { invitationPath: path(await invite()), resetPath: path(reset.url) }
  }
}
