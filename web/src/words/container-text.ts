/** Containers in words. */
import type { Container } from '../api/types.ts'

type State = Container['state']
type Verb = 'recycle' | 'quarantine' | 'return' | 'reset'

/** Returns what a state means, in a sentence. */
export function stateSentence(state: State): string {
  switch (state) {
    case 'ready':
      return 'It is free and can be reserved.'
    case 'reserved':
      return 'A reservation holds it.'
    case 'creating':
      return 'It is being created and will be ready in a moment.'
    case 'removing':
      return 'It is being destroyed; then the next generation is created.'
    case 'broken':
      return 'It could not be created or checked. Berth retries automatically.'
    case 'quarantined':
      return 'It is kept for inspection and is not lent until it is returned.'
  }
}

/** Returns why the manager refuses an action in this state, or null if the state allows it. */
export function stateRefusal(verb: Verb, state: State): string | null {
  switch (verb) {
    case 'recycle':
      if (state === 'reserved') return 'It is reserved: release the reservation first.'
      if (state === 'quarantined') return 'It is quarantined: return it, which also recycles it.'
      return state === 'removing' ? 'It is already being destroyed.' : null
    case 'quarantine':
      if (state === 'reserved') return 'It is reserved: release the reservation first.'
      if (state === 'removing') return 'It is already being destroyed.'
      return state === 'quarantined' ? 'It is already quarantined.' : null
    case 'return':
      return state === 'quarantined' ? null : 'It is not quarantined.'
    case 'reset':
      return state === 'reserved' ? null : 'It is not reserved.'
  }
}

/** Returns what an action does, for its confirmation. */
export function consequenceOf(verb: Verb): string {
  switch (verb) {
    case 'recycle':
      return 'It is destroyed with everything in it, and created again.'
    case 'quarantine':
      return 'It keeps running for inspection, and is not lent until it is returned.'
    case 'return':
      return 'It is destroyed with everything in it, created again, and lent again.'
    case 'reset':
      return (
        'It is destroyed with everything in it, and replaced by a new one with the same account, password and keys; ' +
        'the reservation stays as it is.'
      )
  }
}

/** Results for messages: "alpine-3 is being recycled". */
export const DONE: Readonly<Record<Verb, string>> = {
  recycle: 'is being recycled',
  quarantine: 'is quarantined',
  return: 'is returned and being recycled',
  reset: 'is being replaced by a fresh one',
}
