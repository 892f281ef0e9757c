/**
 * A process that claims, lets in, gives back and makes ready again, without an engine: several of them work on one
 * database. The witness is a folder with an entry for every container that somebody has this moment; nobody asks the
 * database for it.
 */
import { once } from 'node:events'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReservationWithContainers } from '../../../src/ports/store.ts'
import { claimOf } from '../../../lab/claims.ts'
import { openAt } from '../../../lab/postgres/open-at.ts'

export interface ClaimerReport {
  /** Containers that somebody else had at the same time. */
  readonly clashes: string[]
  /** Everything that went wrong in the store. */
  readonly errors: string[]
  readonly claims: number
  readonly held: number
  /** Reservation ids that each key of a repeated request gave. */
  readonly byKey: Record<string, string>
}

export interface ClaimerOrder {
  /** A SQLite file, or the URL of a PostgreSQL database. */
  readonly file: string
  readonly witness: string
  readonly name: string
  readonly claims: number
  /** Number of the claim during which the process kills itself with SIGKILL; never without it. */
  readonly diesAt?: number
}

const AT_ONCE = 25
/** Milliseconds in the queue. */
const PATIENCE = 2_000

async function work({ file, witness, name, claims, diesAt }: ClaimerOrder): Promise<ClaimerReport> {
  const store = await openAt(file, name)
  process.send?.('open')
  await once(process, 'message')
  const report = { clashes: [] as string[], errors: [] as string[], claims, held: 0, byKey: {} }
  const byKey: Record<string, string> = report.byKey

  async function use({ reservation, containers }: ReservationWithContainers): Promise<void> {
    report.held += 1
    for (const { name: container } of containers) {
      try {
        mkdirSync(join(witness, container))
      } catch {
        report.clashes.push(container)
      }
    }
    await store.activate(reservation.id, Date.now())
    await sleep(2 * Math.random())
    for (const container of containers) rmdirSync(join(witness, container.name))
    await store.end([reservation.id], { outcome: 'released' }, Date.now())
    await store.finish(reservation.id, Date.now())
    for (const container of containers) {
      const row = await store.container(container.name)
      const next = { state: 'ready', generation: container.generation + 1 } as const
      if (!row || !(await store.updateContainer(row, next, Date.now())))
        report.clashes.push(`${container.name}: moved on`)
    }
  }

  async function untilAssigned(id: string): Promise<ReservationWithContainers | null> {
    for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await sleep(10)) {
      const held = await store.assign(id, Date.now() + 60_000, Date.now())
      if (held) return held
    }
    await store.end([id], { outcome: 'failed', reason: 'none came free' }, Date.now())
    return null
  }

  async function claim(nth: number): Promise<void> {
    // Within the time of a few statements, while others of its claims are under way.
    if (nth === diesAt) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5 * Math.random())
    const id = `${name}-${nth}`
    const now = Date.now()
    // Every fifth is asked for by all processes with the same key.
    const key = nth % 5 === 0 ? `key ${nth}` : null
    const answer = await store.claim(
      claimOf({
        id,
        count: 1 + (nth % 3),
        prepareBy: now + 60_000,
        waitUntil: nth % 4 === 0 ? now + PATIENCE : null,
        request: key === null ? null : { key, body: 'body', salt: 'salt' },
      }),
      now,
    )
    if (key !== null && answer.kind === 'repeated') byKey[key] = answer.earlier.result.reservation.id
    if (key !== null && (answer.kind === 'claimed' || answer.kind === 'waiting')) byKey[key] = id
    const held = answer.kind === 'waiting' ? await untilAssigned(id) : answer.kind === 'claimed' ? answer.result : null
    if (held) await use(held)
  }

  let nth = 0
  async function worker(): Promise<void> {
    while (nth < claims) {
      nth += 1
      await claim(nth).catch((error: unknown) => report.errors.push(String(error)))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  await store.close()
  return report
}

const [order] = process.argv.slice(2)
if (order !== undefined) {
  const report = await work(JSON.parse(order) as ClaimerOrder)
  process.send?.(report)
  process.disconnect()
}
