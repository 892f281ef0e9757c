/** Reservations that all end at the same time, and when their access is seen to be revoked, from outside. */
import { followBlocked } from '../../lab/blocklist.ts'
import type { BenchPool, Lab } from '../session.ts'
import { ratePerSecond } from '../measuring.ts'
import type { Credentials } from '../../lab/ssh.ts'

const PASSWORD = 'test'
/** As many reserve at once. */
const BURST = 50

interface Lent extends Credentials {
  readonly id: string
  readonly container: string
}

/**
 * Reserves the containers of the pool one by one, each for another user, and then extends all reservations to `due`.
 * `answers`: from each request to its answer, milliseconds.
 */
export async function lendAll(pool: BenchPool, due: number): Promise<{ lent: Lent[]; answers: number[] }> {
  const lent: Lent[] = []
  const answers: number[] = []
  while (lent.length < pool.size) {
    const users = Array.from({ length: Math.min(BURST, pool.size - lent.length) }, (_, nth) => `u${lent.length + nth}`)
    lent.push(...(await Promise.all(users.map((username) => lend(pool, username, answers)))))
  }
  // Afterwards: the notification of an extension takes longer than reserving the container.
  await ratePerSecond(lent, BURST, async ({ id }) => {
    const { status } = await pool.manager.send('PATCH', `/v1/reservations/${id}`, {
      expires_at: new Date(due).toISOString(),
    })
    if (status !== 200) throw new Error(`not extended: ${status}`)
  })
  return { lent, answers }
}

/** Reserves for the shortest duration, because an end can only be moved away. */
async function lend({ manager }: BenchPool, username: string, answers: number[]): Promise<Lent> {
  const began = performance.now()
  const asked = await manager.send('POST', '/v1/reservations', { username, password: PASSWORD, duration: '1m' })
  answers.push(performance.now() - began)
  const { id, containers } = asked.body as { id: string; containers: { name: string; port: number }[] }
  const [container] = containers ?? []
  if (!container) throw new Error(`not reserved: ${asked.status} ${JSON.stringify(asked.body)}`)
  return { id, container: container.name, port: container.port, username, password: PASSWORD }
}

export interface Revocations {
  /** Time at which access was first seen to be revoked, by container name, epoch milliseconds. */
  readonly revokedAt: ReadonlyMap<string, number>
  readonly destroyedAt: readonly number[]
  /** Records what was seen elsewhere. */
  saw(container: string, at: number): void
  stop(): void
}

/** Follows the blocklist and Docker's events: no tenant has access to a container that is blocked or dead. */
export async function followRevocations(lab: Lab, pool: BenchPool): Promise<Revocations> {
  const revokedAt = new Map<string, number>()
  const destroyedAt: number[] = []
  const saw = (container: string, at: number) =>
    void revokedAt.set(container, Math.min(at, revokedAt.get(container) ?? at))
  const forget = await followBlocked(pool.manager.instance, saw)
  const stop = await lab.docker.follow(pool.label, ({ action, name, at }) => {
    if (action === 'destroy') destroyedAt.push(at)
    else if (action !== 'create') saw(name, at)
  })
  return {
    revokedAt,
    destroyedAt,
    saw,
    stop() {
      stop()
      void forget()
    },
  }
}
