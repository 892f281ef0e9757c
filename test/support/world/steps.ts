/**
 * Every call through a port is a step. They are found by counting them in a run in which all goes well; then the same
 * is done again, and one of them is struck. A port that grows, or code that calls it once more, is struck there too.
 */
import { BerthError } from '../../../src/domain/errors.ts'
import { AT_ONCE } from '../../../lab/faulty.ts'
import { turns } from './turns.ts'

export type Strike =
  /** SIGKILL: the call was not made, and nothing after it is. */
  | 'killed before'
  /** SIGKILL: the call took effect, and nobody learns of it. */
  | 'killed after'
  /** Nobody answers, and nothing has happened. */
  | 'unavailable'
  /** The answer is no. */
  | 'refused'
  /** It took effect, and its caller is told that no answer came in time. */
  | 'late'
  /** It reaches the other side twice; the second answer is the one that is heard. */
  | 'twice'
  /** It sets out when all else that was under way has moved on. */
  | 'slow to set out'
  /** Its answer arrives when all else that was under way has moved on. */
  | 'slow to return'

interface Struck {
  /** Number of the step, from 0. */
  readonly at: number
  readonly how: Strike
}

export interface Steps {
  /** "engine create" and the like, in their order; no more than were taken before the process died. */
  readonly taken: readonly string[]
  /** Resolves when the process is killed; never when it is not. */
  readonly death: Promise<void>
  around<T extends object>(name: string, port: T): T
  /** From now on calls are steps. */
  begin(): void
  /** From now on they are not, and none is struck; a process that was killed stays dead. */
  end(): void
}

/** Turns of the event loop. */
const OTHERS = 200

/** Members that take no time, or end everything. */
const NO_STEPS = new Set([...AT_ONCE, 'close'])

/** Ports around which a new manager is made after `end` are left alone. */
export function countSteps(strike: Struck | null): Steps {
  const taken: string[] = []
  const death = Promise.withResolvers<void>()
  let counting = false
  let over = false
  let dead = false

  function take(name: string, verb: string, call: () => Promise<unknown>): Promise<unknown> {
    if (dead) return never()
    if (!counting) return call()
    taken.push(`${name} ${verb}`)
    return taken.length - 1 === strike?.at ? struck(strike.how, name, verb, call) : call()
  }

  async function struck(how: Strike, name: string, verb: string, call: () => Promise<unknown>): Promise<unknown> {
    switch (how) {
      case 'killed before':
        return die()
      case 'killed after':
        await call().catch(() => undefined)
        return die()
      case 'unavailable':
        throw failure(name, `${verb}: nobody answers`, 'engine_unavailable')
      case 'refused':
        throw failure(name, `${verb}: no`, name === 'accounts' ? 'guest_failed' : 'engine_failed')
      case 'late':
        await call()
        throw failure(name, `${verb}: no answer in time`, 'engine_unavailable')
      case 'twice':
        await call()
        return call()
      case 'slow to set out':
        await others()
        return call()
      case 'slow to return': {
        const answer = await call()
        await others()
        return answer
      }
    }
  }

  function die(): Promise<never> {
    dead = true
    death.resolve()
    return never()
  }

  return {
    taken,
    death: death.promise,
    around(name, port) {
      if (over) return port
      return new Proxy(port, {
        get(target, property) {
          const member: unknown = Reflect.get(target, property, target)
          if (typeof member !== 'function' || typeof property !== 'string') return member
          if (NO_STEPS.has(property)) return member.bind(target)
          return (...args: unknown[]) =>
            take(name, property, async () => Reflect.apply(member, target, args) as Promise<unknown>)
        },
      })
    },
    begin() {
      counting = true
    },
    end() {
      counting = false
      over = true
    },
  }
}

/** What the database says is no BerthError: a full disk, a file that is locked for too long. */
function failure(name: string, text: string, code: 'engine_unavailable' | 'engine_failed' | 'guest_failed'): Error {
  return name === 'store' ? new Error(text) : new BerthError(code, text)
}

/** Nothing in a world waits for a timer, so that this is long enough for all that is under way. */
async function others(): Promise<void> {
  await turns(OTHERS)
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
