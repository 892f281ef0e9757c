/** Reservations of pods, with a session each. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openSession, outputOf } from '../../ssh.ts'
import type { Installation } from './installation.ts'

const POLL_MS = 20
const READY_TIMEOUT_MS = 300_000

export interface Lent {
  readonly id: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
  readonly slot: string
  readonly generation: number
  /** Resolves with the time at which its session was closed, in epoch milliseconds. */
  readonly closed: Promise<number>
  /** Milliseconds from the request to the answer. */
  readonly answeredAfter: number
  /** Milliseconds from the request to the first output of a command in its session. */
  readonly loggedInAfter: number
}

interface View {
  readonly id: string
  readonly expires_at: string
  readonly containers: readonly { readonly name: string; readonly port: number; readonly generation: number }[]
}

/** Returns the time in epoch milliseconds, with fractions. Docker and the managers use the same clock. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Reserves a container at a manager, and logs in through a gateway. They change with `turn`. */
export async function lend(on: Installation, turn: number, duration = '30m'): Promise<Lent> {
  const { managers, gateways, keys } = on
  const [manager, gateway] = [managers[turn % 2] ?? managers[0], gateways[turn % 2] ?? gateways[0]]
  const began = now()
  const request = { username: 'ann', ssh_keys: [keys.publicKey], duration }
  const { status, body } = await manager.send('POST', '/v1/reservations', request)
  if (status !== 201) throw new Error(`a reserve was answered ${status}: ${JSON.stringify(body)}`)
  const answeredAfter = now() - began
  const { id, expires_at, containers } = body as View
  const { name: slot = '', port = 0, generation = 0 } = containers[0] ?? {}
  const session = await openSession({ host: gateway.host, port, username: 'ann', privateKey: keys.privateKey })
  if ((await outputOf(session, 'echo here')) !== 'here') throw new Error(`${slot} does not run a command`)
  const loggedInAfter = now() - began
  // Not `once` of node:events: it rejects if a closed session emits an error first.
  const closed = new Promise<number>((resolve) => session.once('close', () => resolve(now())))
  return { id, expiresAt: Date.parse(expires_at), slot, generation, closed, answeredAfter, loggedInAfter }
}

/** Ends a reservation at the manager that did not make it. Returns when the answer arrived, in epoch milliseconds. */
export async function end(on: Installation, { id }: Lent, turn: number): Promise<number> {
  const { url } = on.managers[(turn + 1) % 2] ?? on.managers[0]
  const response = await fetch(`${url}/v1/reservations/${id}`, { method: 'DELETE' })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`the end of ${id} was answered ${response.status}: ${text}`)
  return now()
}

/** Resolves when this many containers are ready, with the time in epoch milliseconds. */
export async function untilReady({ managers: [manager] }: Installation, count: number): Promise<number> {
  for (const deadline = performance.now() + READY_TIMEOUT_MS; performance.now() < deadline; await sleep(POLL_MS)) {
    const { body } = await manager.get<{ available: string[] }>('/available')
    if (body.available.length === count) return now()
  }
  throw new Error(`${count} containers are not ready after ${READY_TIMEOUT_MS / 1_000} s`)
}
