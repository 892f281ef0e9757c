import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from '../namespaces.ts'

const TIMEOUT_MS = 60_000

/** Resolves when a program that was started answers. Throws with the end of its log if it ends or takes too long. */
export async function untilAnswering(program: Program, what: string, answers: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const isAnswering = await answers().then(
      () => true,
      () => false,
    )
    if (isAnswering) return
    if (program.hasEnded || performance.now() > deadline) throw new Error(`no ${what}:\n${program.logTail()}`)
    await sleep(100)
  }
}
