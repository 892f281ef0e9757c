/** What a release does, in words. A waiting reservation is cancelled: it has no containers to destroy. */
import type { Reservation } from '../../../src/client/client.ts'
import { counted } from './reservation-text.ts'

type Some = Pick<Reservation, 'state' | 'containers'>

interface ReleaseQuestion {
  readonly title: string
  readonly consequence: string
  /** Label of the button that does it. */
  readonly action: string
  /** Label of the safe button. */
  readonly keep: string
}

/** Returns the question before reservations are released or cancelled. */
export function releaseQuestion(reservations: readonly Some[]): ReleaseQuestion {
  const isOne = reservations.length === 1
  const many = `${reservations.length.toLocaleString('en')} reservations`
  if (reservations.every(({ state }) => state === 'waiting')) {
    return {
      title: isOne ? 'Cancel the wait?' : `Cancel ${many}?`,
      consequence: isOne ? 'It leaves the queue and gets no container.' : 'They leave the queue and get no containers.',
      action: 'Leave the queue',
      keep: 'Keep waiting',
    }
  }
  return {
    title: `Release ${isOne ? 'this reservation' : many}?`,
    consequence: reservations.every(({ state }) => state === 'active')
      ? `Access ends at once. ${destroyedText(reservations)}.`
      : releaseConsequence(reservations),
    action: isOne ? 'Release' : `Release ${reservations.length}`,
    keep: 'Cancel',
  }
}

/** Returns what a release of reservations in several states destroys and cancels. */
export function releaseConsequence(reservations: readonly Some[]): string {
  const active = reservations.filter(({ state }) => state === 'active')
  const waiting = reservations.length - active.length
  const parts = [
    active.length > 0 && `${active.length} in use: ${destroyedText(active)}`,
    waiting > 0 && `${waiting} not active yet: ${waiting === 1 ? 'it is' : 'they are'} cancelled`,
  ]
  return `${parts.filter((part) => part !== false).join('. ')}.`
}

function destroyedText(reservations: readonly Some[]): string {
  const count = reservations.reduce((sum, { containers }) => sum + containers.length, 0)
  const what = counted(count, 'container is', 'containers are')
  return `${what} destroyed with everything in ${count === 1 ? 'it' : 'them'}`
}

type State = Pick<Reservation, 'state'>

/** Returns "Cancel" for a waiting reservation, "Release" otherwise. */
export function releaseVerb({ state }: State): 'Cancel' | 'Release' {
  return state === 'waiting' ? 'Cancel' : 'Release'
}

/** Returns the label of the button during the request. */
export function releasingText({ state }: State): string {
  return state === 'waiting' ? 'cancelling …' : 'releasing …'
}

/** Returns what the reservation is after the request. */
export function releasedText({ state }: State): string {
  return state === 'waiting' ? 'cancelled' : 'released'
}
