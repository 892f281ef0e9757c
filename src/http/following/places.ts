/** How many answers may wait at once for something to happen: each costs little, and any number of them too much. */
import { BerthError } from '../../core/errors.ts'
import { callerKey } from '../access/caller-key.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Of one identity, or of one address where nobody is asked who they are; and of everybody. */
const MOST_OF_ONE = 200
const MOST = 1_000
/** Seconds after which it makes sense to try again. */
const TRY_AGAIN_AFTER = 5

export interface Places {
  /** Until the answer has left, or its client. `rate_limited` when there is none. */
  take(request: FastifyRequest, reply: FastifyReply): void
}

export function openPlaces(): Places {
  const taken = new Map<string, number>()
  let all = 0

  return {
    take(request, reply) {
      const who = callerKey(request)
      const theirs = taken.get(who) ?? 0
      if (theirs >= MOST_OF_ONE) throw full(reply, `you have ${MOST_OF_ONE} streams and waiting answers open`)
      if (all >= MOST) throw full(reply, `${MOST} streams and waiting answers are open here`)
      taken.set(who, theirs + 1)
      all += 1
      reply.raw.once('close', () => {
        all -= 1
        const left = (taken.get(who) ?? 1) - 1
        if (left > 0) taken.set(who, left)
        else taken.delete(who)
      })
    },
  }
}

function full(reply: FastifyReply, what: string): BerthError {
  reply.header('retry-after', TRY_AGAIN_AFTER)
  return new BerthError('rate_limited', `${what}, and there can be no more; close some, or try again later`)
}
