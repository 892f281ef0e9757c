import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'

/** Under whose name a request is counted: many share an address, and none of them should pay for the others. */
export function callerKey(request: FastifyRequest): string {
  const { caller } = request
  return caller && caller.auth !== 'none' ? `identity ${caller.identity.name}` : `address ${addressOf(request)}`
}

/** Of IPv6 the network. A connection that was closed meanwhile has none any more. */
export function addressOf({ ip }: { ip: string | undefined }): string {
  return normalizeIP(ip ?? '')
}
