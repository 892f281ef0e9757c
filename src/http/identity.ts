/** Who sent a request. */
import type { FastifyRequest } from 'fastify'
import { BerthError } from '../core/errors.ts'
import { ANYONE, type Identity } from '../core/identity.ts'

export function identityOf(_request: FastifyRequest): Identity {
  return ANYONE
}

/** `forbidden` for everybody but admins. */
export function requireAdmin(request: FastifyRequest): Identity {
  const by = identityOf(request)
  if (by.role !== 'admin')
    throw new BerthError('forbidden', 'only an admin may do this; ask one, or use an admin token')
  return by
}
