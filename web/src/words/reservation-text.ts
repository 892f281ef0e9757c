/** Reservations in words. */
import type { Reservation } from '../../../src/client/client.ts'

type State = Reservation['state']

export const RESERVATION_STATES: readonly State[] = ['waiting', 'preparing', 'active', 'ending', 'ended']
export const OPEN_STATES: readonly State[] = ['waiting', 'preparing', 'active', 'ending']

/** Returns the title of a reservation: "alice · ci-build", or "alice" without a name. */
export function reservationTitle({ username, name }: Pick<Reservation, 'username' | 'name'>): string {
  return name === null ? username : `${username} · ${name}`
}

/** Returns its state: "waiting · no. 2", by its position in the queue, or "ended: released". */
export function stateText(reservation: Pick<Reservation, 'state' | 'queue' | 'outcome' | 'held_at'>): string {
  const { state, queue, outcome, held_at: heldAt } = reservation
  if (state === 'active' && heldAt !== null) return 'active · on hold'
  if (state === 'waiting' && queue) return `waiting · no. ${queue.position}`
  if (outcome !== null) return `${state}: ${outcome}`
  return state
}

/** Returns how it ended, in a sentence; null while it has no outcome. */
export function endSentence({ outcome, reason }: Pick<Reservation, 'outcome' | 'reason'>): string | null {
  switch (outcome) {
    case null:
      return null
    case 'released':
      return 'It was released before it expired.'
    case 'expired':
      return 'It expired.'
    case 'abandoned':
      return 'It was abandoned: no keepalive call arrived in time.'
    case 'cancelled':
      return 'It was cancelled before it became active.'
    case 'failed':
      return reason === null ? 'It failed.' : `It failed: ${reason}.`
  }
}

interface SshTarget {
  readonly name: string
  readonly host: string
  readonly port: number | null
  readonly tunnel?: boolean
}

/**
 * Returns the ssh command for a container; null without a port. The command always has the port, because ssh_config may
 * set another one for that host. Where the manager says so, it connects through the manager.
 */
export function sshCommand(username: string, { name, host, port, tunnel = false }: SshTarget): string | null {
  if (tunnel) return `berth ssh ${name}`
  return port === null ? null : `ssh -p ${port} ${username}@${host}`
}

/** Whether the reservation can still be released: it is neither ending nor ended. */
export function isOpen({ state }: Pick<Reservation, 'state'>): boolean {
  return state !== 'ended' && state !== 'ending'
}

/** Returns why its end cannot be moved, or null if it can. */
export function extendRefusal({ state }: Pick<Reservation, 'state'>): string | null {
  if (state === 'active') return null
  if (isOpen({ state })) return `It is ${state}: its time has not started.`
  return state === 'ending' ? 'It is ending.' : 'It has ended.'
}

export function releaseRefusal({ state }: Pick<Reservation, 'state'>): string | null {
  if (isOpen({ state })) return null
  return state === 'ending' ? 'It is ending.' : 'It has ended.'
}

export function counted(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** Returns "alpine-1, 2, 8" for containers of pool alpine: each name in full would not fit into a column. */
export function shortNames(names: readonly string[], pool: string): string {
  return names
    .map((name, nth) => (nth > 0 && name.startsWith(`${pool}-`) ? name.slice(pool.length + 1) : name))
    .join(', ')
}
