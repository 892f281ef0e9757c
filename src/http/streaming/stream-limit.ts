/** Limits the number of event streams and long polls that are open at once. */
import { BerthError } from '../../domain/errors.ts'
import { rateLimitKey } from '../auth/rate-limit.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Maximum for one identity, or for one address without an identity. */
const MAX_OF_ONE = 200
const MAX_OF_ALL = 1_000

export interface StreamLimit {
  /**
   * Counts this stream until its answer has been sent or its client is gone. Throws `rate_limited` beyond the maximum.
   */
  count(request: FastifyRequest, reply: FastifyReply): void
}

export function openStreamLimit(): StreamLimit {
  const open = new Map<string, number>()
  let all = 0

  return {
    count(request, reply) {
      const key = rateLimitKey(request)
      const theirs = open.get(key) ?? 0
      if (theirs >= MAX_OF_ONE) throw full(`you have ${MAX_OF_ONE} streams and waiting answers open`)
      if (all >= MAX_OF_ALL) throw full(`this manager has ${MAX_OF_ALL} streams and waiting answers open`)
      open.set(key, theirs + 1)
      all += 1
      reply.raw.once('close', () => {
        all -= 1
        const left = (open.get(key) ?? 1) - 1
        if (left > 0) open.set(key, left)
        else open.delete(key)
      })
    },
  }
}

function full(what: string): BerthError {
  return new BerthError('rate_limited', `${what}, the maximum; close some, or try again later`)
}
