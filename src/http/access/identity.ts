/** Who sent a request. */
import type { FastifyRequest } from 'fastify'
import { BerthError } from '../../core/errors.ts'
import type { Identity } from '../../core/identity.ts'

/** Somebody, and how that is known. */
export interface Caller {
  readonly identity: Identity
  /** `none`: nobody is asked. */
  readonly auth: 'none' | 'token' | 'oidc'
  /** Until when, epoch milliseconds; null: for good. */
  readonly expiresAt: number | null
}

/** Takes the Authorization header. `unauthorized`; `sign_on_unavailable` when it cannot be said now. */
export type Authenticate = (authorization: string | undefined) => Caller | Promise<Caller>

declare module 'fastify' {
  interface FastifyRequest {
    /** null before it is known, and where nobody asks. */
    caller: Caller | null
  }
}

export function callerOf({ caller }: FastifyRequest): Caller {
  if (!caller) throw new Error('this route is open to everybody, and asks who it is')
  return caller
}

export function identityOf(request: FastifyRequest): Identity {
  return callerOf(request).identity
}

/** `forbidden` for everybody but admins. */
export function requireAdmin(request: FastifyRequest): Identity {
  const by = identityOf(request)
  if (by.role !== 'admin')
    throw new BerthError('forbidden', 'only an admin may do this; ask one, or use an admin token')
  return by
}

/** For a route's options: refuses before the body is looked at. */
export const ADMIN_ONLY = {
  onRequest: (request: FastifyRequest, _reply: unknown, done: () => void): void => {
    requireAdmin(request)
    done()
  },
}
