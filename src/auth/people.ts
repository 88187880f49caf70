import { sql } from 'kysely'
import type { User } from '../db/members.ts'
import { type Auth, type AuthSettings, openAuth } from './better-auth.ts'

interface Session {
  user: User
  expiresAt: Date
  /** The session cookie to set again, if the session was extended. Usually none. */
  cookies: string[]
}

/** The users of the web app: sign-in and sessions. */
export interface People {
  settings: AuthSettings
  better: Auth
  /**
   * The session of a request's cookie; undefined without a valid one.
   *
   * @param options.prolong whether using the session extends it; default true
   */
  session(headers: Headers, options?: { prolong?: boolean }): Promise<Session | undefined>
  /**
   * better-auth does not report why it failed.
   *
   * @throws the error of Postgres, if it does not respond
   */
  blame(): Promise<void>
}

export function openPeople(settings: AuthSettings): People {
  const better = openAuth(settings)
  const blame = async () => {
    await sql`SELECT 1`.execute(settings.system)
  }
  return {
    blame,
    settings,
    better,
    async session(headers, { prolong = true } = {}) {
      if (!headers.has('cookie')) return undefined
      const found = await better.api
        .getSession({ headers, returnHeaders: true, query: { disableRefresh: !prolong } })
        .catch(async (error) => {
          await blame()
          throw error
        })
      if (!found.response) return undefined
      const { user, session } = found.response
      return {
        user: { id: user.id, name: user.name, email: user.email },
        expiresAt: session.expiresAt,
        cookies: found.headers.getSetCookie(),
      }
    },
  }
}
