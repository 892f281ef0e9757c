/** Everybody asks at once, in every way there is, at several managers: what each of them was answered. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reserved, TestManager } from '../../../lab/manager.ts'

type How = 'seed' | 'v1' | 'queue' | 'twice'

/** One who asked, and what the answers said. */
export interface Asked {
  readonly how: How
  readonly username: string
  readonly count: number
  /** Of every answer; 0 when the manager died before it could say. */
  readonly statuses: readonly number[]
  /** Ids of the reservations that the answers named; the seed's endpoint names none. */
  readonly ids: readonly string[]
  readonly password: string
  /** Empty unless it was let in. */
  readonly containers: readonly Place[]
  /** Said when it was refused. */
  readonly reasons: readonly string[]
}

interface Place {
  readonly name: string
  readonly port: number
  readonly hostKey: string
}

interface V1 {
  readonly id: string
  readonly password?: string
  readonly containers: readonly { readonly name: string; readonly port: number; readonly host_key: string }[]
  readonly code?: string
}

interface Answer {
  readonly status: number
  readonly id: string | null
  readonly password: string | null
  readonly containers: readonly Place[]
  readonly reason: string | null
}

const HOW: readonly How[] = ['seed', 'v1', 'queue', 'twice', 'v1', 'seed', 'v1', 'twice']

const LOST: Answer = { status: 0, id: null, password: null, containers: [], reason: null }

/** `nth` decides how, and where. */
export async function askOne(managers: readonly TestManager[], round: string, nth: number): Promise<Asked> {
  const how = HOW[nth % HOW.length] ?? 'v1'
  const username = `u${round}-${nth}`
  const count = 1 + (nth % 3)
  const own = `password ${round} ${nth}`
  const [first, second] = [0, 1].map((step) => managers[(nth + step) % managers.length])
  if (!first || !second) throw new RangeError('two managers are needed')
  // All of them within a moment, but not in the order in which they were begun.
  await sleep(20 * Math.random())
  const answers = await Promise.all(
    how === 'seed'
      ? [seed(first, { username, password: own, count })]
      : how === 'twice'
        ? [first, second].map((manager) => v1(manager, { username, count }, `key-${username}`))
        : [v1(first, { username, password: own, count, ...(how === 'queue' && { wait: '10m' }) })],
  )
  const passwords = new Set(answers.flatMap(({ password }) => password ?? []))
  return {
    how,
    username,
    count,
    statuses: answers.map(({ status }) => status),
    ids: answers.flatMap(({ id }) => id ?? []),
    // Two passwords of one reservation fit nothing.
    password: how === 'twice' ? [...passwords].join(' or ') : own,
    containers: answers.find((answer) => answer.containers.length > 0)?.containers ?? [],
    reasons: answers.flatMap(({ reason }) => reason ?? []),
  }
}

async function seed(
  manager: TestManager,
  some: { username: string; password: string; count: number },
): Promise<Answer> {
  const query = new URLSearchParams({ ...some, count: String(some.count) })
  const answer = await manager.get<Reserved & { error?: string }>(`/reserve?${query}`).catch(() => null)
  if (!answer) return LOST
  const { status, body } = answer
  const places = body.containers ?? []
  return {
    status,
    id: null,
    password: some.password,
    reason: body.error ?? null,
    containers: places.map(({ container, port, host_key }) => ({ name: container, port, hostKey: host_key })),
  }
}

async function v1(manager: TestManager, body: object, key?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) }
  try {
    const request = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${manager.url}/v1/reservations`, request)
    const told = (await response.json()) as V1
    const places = response.status === 201 ? told.containers : []
    return {
      status: response.status,
      id: told.id ?? null,
      password: told.password ?? null,
      reason: told.code ?? null,
      containers: places.map(({ name, port, host_key }) => ({ name, port, hostKey: host_key })),
    }
  } catch {
    return LOST
  }
}
