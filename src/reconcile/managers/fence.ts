/** Prevents a manager that has lost the leadership from changing containers. */
import { BerthError } from '../../domain/errors.ts'
import type { Accounts } from '../../ports/accounts.ts'
import type { Engine } from '../../ports/engine.ts'

interface LeaderPorts {
  readonly engine: Engine
  readonly accounts: Accounts
}

/**
 * Verbs that only the leader uses. Every manager may `kill` and `lend`: both are harmless to a container that the
 * reservation does not have any more.
 */
const ENGINE_VERBS: readonly (keyof Engine)[] = [
  'create',
  'start',
  'remove',
  'commit',
  'removePreparedImages',
  'connectPeers',
  'removePeerNetwork',
]
const ACCOUNT_VERBS: readonly (keyof Accounts)[] = [
  'survey',
  'createAccounts',
  'notify',
  'writePeerNames',
  'prepare',
  'generalize',
]

/**
 * Returns the ports with these verbs refused unless the leadership is held at the moment of the call. A job may have
 * been interrupted for any duration since its start: by a slow engine, or because the process was frozen.
 */
export function fenced<Deps extends LeaderPorts>(deps: Deps, isHeld: () => boolean): Deps {
  const { engine, accounts } = deps
  return { ...deps, engine: guard(engine, ENGINE_VERBS, isHeld), accounts: guard(accounts, ACCOUNT_VERBS, isHeld) }
}

function guard<Port extends object>(port: Port, verbs: readonly (keyof Port)[], isHeld: () => boolean): Port {
  return new Proxy(port, {
    get(target, property) {
      // Read from and bound to the port itself: methods of an adapter use its private fields.
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      if (!verbs.includes(property as keyof Port)) return member.bind(target)
      return async (...args: unknown[]) => {
        if (!isHeld()) throw notLeading(String(property))
        return Reflect.apply(member, target, args)
      }
    },
  })
}

/** Returns an error that is not counted as a failure of the container: the next leader continues from the rows. */
function notLeading(verb: string): BerthError {
  return new BerthError('cancelled', `this manager does not lead any more; ${verb} is left to the next leader`)
}
