/** Managers in processes of their own on one database, and the latency of their reserves. */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openAt } from '../../lab/postgres/open-at.ts'
import { NOW } from '../../lab/rows.ts'
import { timed } from '../measuring.ts'

export interface Managers extends AsyncDisposable {
  /** Sends this many concurrent reserves, and returns the milliseconds of each. Makes the containers ready again. */
  reserve(callers: number): Promise<number[]>
}

/** Starts `count` managers of this database, whose pool "p" has `size` containers. */
export async function startManagers(where: string, count: number, size: number): Promise<Managers> {
  const program = fileURLToPath(new URL('manager.ts', import.meta.url))
  const all = Array.from({ length: count }, () => fork(program, [where, String(size)]))
  const urls = await Promise.all(
    all.map(async (one) => {
      const ended = once(one, 'exit').then(() => Promise.reject(new Error('a manager of the benchmark has ended')))
      const [url] = (await Promise.race([once(one, 'message'), ended])) as [string]
      return url
    }),
  )
  const store = await openAt(where, '')
  let requests = 0

  async function post(ids: string[]): Promise<void> {
    requests += 1
    const body = JSON.stringify({ username: `u${requests}`, password: 'test' })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${urls[requests % count]}/v1/reservations`, { method: 'POST', headers, body })
    const text = await answer.text()
    if (answer.status !== 201) throw new Error(`POST /v1/reservations: ${answer.status} ${text}`)
    ids.push((JSON.parse(text) as { id: string }).id)
  }

  return {
    async reserve(callers) {
      const ids: string[] = []
      const took = await Promise.all(Array.from({ length: callers }, () => timed(() => post(ids))))
      const ended = await store.end(ids, { outcome: 'released' }, NOW)
      for (const id of ids) await store.finish(id, NOW)
      for (const row of ended.flatMap(({ containers }) => containers)) {
        // A new container, because the engine's id of a used one is never lent again.
        const next = { state: 'ready', generation: row.generation + 1, engineId: `engine-${randomUUID()}` } as const
        await store.updateContainer(row, next, NOW)
      }
      return took
    },
    async [Symbol.asyncDispose]() {
      const ended = all.map((one) => once(one, 'exit'))
      for (const one of all) one.kill()
      await Promise.all(ended)
      await store.close()
    },
  }
}
