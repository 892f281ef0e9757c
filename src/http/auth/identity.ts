/** The caller of a request. */
import type { FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'

/** An identity, and how it was established. */
export interface Caller {
  readonly identity: Identity
  /** `none`: without authentication. */
  readonly auth: 'none' | 'token' | 'oidc'
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null
  /** Id of the session whose cookie the request brought; absent without a cookie, or with an Authorization header. */
  readonly session?: string
  /** Id of the API token of its Authorization header; absent without one. */
  readonly token?: string
}

/** Parts of a request that identify its caller. */
export type Sender = Pick<FastifyRequest, 'headers' | 'method' | 'protocol' | 'host' | 'server' | 'routeOptions'>

/**
 * Returns the caller. `unauthorized`; `sign_on_unavailable` when the identity provider cannot be asked; `forbidden` for
 * a cookie that a page of another site may have made a browser send. `isUse` false: this is no use of the session.
 */
export type Authenticate = (request: Sender, isUse?: boolean) => Caller | Promise<Caller>

declare module 'fastify' {
  interface FastifyRequest {
    /** null before authentication, and on routes without it. */
    caller: Caller | null
  }
}

export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('this route has no authentication, and asks for the caller')
  return caller
}

export function identityOf(request: FastifyRequest): Identity {
  return callerOf(request).identity
}

/** Returns the identity of an admin. `forbidden` for other callers. */
export function requireAdmin(request: FastifyRequest): Identity {
  const by = identityOf(request)
  if (by.role !== 'admin')
    throw new BerthError('forbidden', 'only an admin may do this; ask one, or use an admin token')
  return by
}

/** Route options: refuses callers that are no admins before the body is read. */
export const ADMIN_ONLY = {
  onRequest: (request: FastifyRequest, _reply: unknown, done: () => void): void => {
    requireAdmin(request)
    done()
  },
}
