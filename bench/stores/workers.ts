/** Stores of managers in processes of their own, and their transactions per second. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Work } from './worker.ts'

export interface Workers extends AsyncDisposable {
  /** Returns transactions per second of all stores; `callers` are divided among them. */
  transactionsPerSecond(callers: number, ms: number): Promise<number>
}

/** Opens `count` stores in this database. */
export async function openWorkers(where: string, count: number): Promise<Workers> {
  const program = fileURLToPath(new URL('worker.ts', import.meta.url))
  const all = Array.from({ length: count }, (_, nth) => fork(program, [where, `m${nth + 1}`]))
  await Promise.all(all.map((worker) => answerOf(worker)))
  return {
    async transactionsPerSecond(callers, ms) {
      const began = performance.now()
      const counts = await Promise.all(
        all.map((worker, nth) => {
          const order: Work = { callers: Math.floor((callers + nth) / count), ms }
          const answer = answerOf(worker)
          worker.send(order)
          return answer
        }),
      )
      const transactions = counts.reduce<number>((sum, answer) => sum + Number(answer), 0)
      return (transactions / (performance.now() - began)) * 1_000
    },
    async [Symbol.asyncDispose]() {
      const ended = all.map((worker) => once(worker, 'exit'))
      for (const worker of all) worker.kill()
      await Promise.all(ended)
    },
  }
}

async function answerOf(worker: ChildProcess): Promise<unknown> {
  const ended = once(worker, 'exit').then(() => Promise.reject(new Error('a store of the benchmark has ended')))
  const [answer] = (await Promise.race([once(worker, 'message'), ended])) as [unknown]
  return answer
}
