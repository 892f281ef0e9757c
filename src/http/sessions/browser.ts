/** Opens and ends the session of the browser that sent a request. Logs both, without the cookie. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasCode } from '../../domain/errors.ts'
import type { Session } from '../../domain/identity.ts'
import type { SignedIn } from '../../usecases/sessions/sessions.ts'
import { cookieNames, expireSessionCookie, readCookie, setSessionCookie } from '../auth/session-cookie.ts'
import type { ServerContext } from '../context.ts'
import { requireOwnPage } from '../auth/origin-check.ts'
import type { SignIn } from './sign-in.ts'

export interface Browser {
  /** Returns the session of the request's cookie, or null if it has none that is valid. */
  find(request: FastifyRequest): Promise<Session | null>
  /** Opens a session with a new secret, and ends the previous one of the browser. */
  open(request: FastifyRequest, reply: FastifyReply, by: SignedIn): Promise<Session>
  /** Ends the session, if any, and expires the cookie. */
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

type Deps = Pick<ServerContext, 'clock' | 'log' | 'settings'> & Pick<SignIn, 'sessions'>

export function createBrowser({ sessions, clock, log, settings }: Deps): Browser {
  function record(what: string, { name: identity, role, id }: Session, request: FastifyRequest): void {
    const fields = { identity, role, session: id, address: request.ip, request_id: request.id }
    log.info(`${identity} signed ${what}, from ${request.ip}`, fields)
  }

  async function find(request: FastifyRequest): Promise<Session | null> {
    const text = readCookie(request, cookieNames(request, settings().url).session)
    if (text === undefined) return null
    try {
      return await sessions.find(text)
    } catch (error) {
      if (hasCode(error, 'unauthorized')) return null
      throw error
    }
  }

  return {
    find,

    async open(request, reply, by) {
      const before = await find(request)
      const from = { address: request.ip, userAgent: request.headers['user-agent'] ?? '' }
      const { session, text } = await sessions.open(by, from)
      if (before) await sessions.end(before.id, before)
      const maxAgeS = Math.floor((session.endsAt - clock()) / 1_000)
      setSessionCookie(request, reply, settings().url, { text, maxAgeS })
      record(by.way === 'token' ? 'in with an API token' : 'in at the identity provider', session, request)
      return session
    },

    async end(request, reply) {
      const session = await find(request)
      if (session) {
        requireOwnPage(request)
        if (await sessions.end(session.id, session)) record('out', session, request)
      }
      expireSessionCookie(request, reply, settings().url)
    },
  }
}
