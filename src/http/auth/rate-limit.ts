/** Limits how many requests a minute an identity, or an address without one, may send. */
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { RequestCounts } from './request-counts.ts'

const MINUTE_S = 60
/** Name of the only policy in the headers RateLimit and RateLimit-Policy. */
const POLICY = 'default'

/**
 * Returns what requests are counted by: the identity, because many callers may share an address, or else the address
 * (of IPv6 the network). The address of a connection that has closed is unknown.
 */
export function rateLimitKey(request: FastifyRequest): string {
  const { caller } = request
  // A closed connection has no address, whatever the type says.
  const ip: string | undefined = request.ip
  return caller && caller.auth !== 'none' ? `identity ${caller.identity.name}` : `address ${normalizeIP(ip ?? '')}`
}

/**
 * Returns a function that counts a request after authentication, and throws `rate_limited` beyond `limit` requests a
 * minute. A changed limit applies from the next request on. Adds the headers of
 * draft-ietf-httpapi-ratelimit-headers-10.
 */
export function perMinute(counts: RequestCounts, limit: () => number) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const max = limit()
    const { count, endsInMs } = counts.add(rateLimitKey(request))
    const seconds = Math.ceil(endsInMs / 1_000)
    reply.header('ratelimit-policy', `"${POLICY}";q=${max};w=${MINUTE_S}`)
    reply.header('ratelimit', `"${POLICY}";r=${Math.max(0, max - count)};t=${seconds}`)
    if (count <= max) return
    const who = request.caller ? 'you may send' : 'without a valid token, your address may send'
    reply.header('retry-after', seconds)
    throw new BerthError('rate_limited', `too many requests; ${who} ${max} a minute; try again in ${seconds} s`)
  }
}
