import { setTimeout as sleep } from 'node:timers/promises'
import type { Program } from './namespaces.ts'

const TIMEOUT_MS = 120_000

/**
 * Resolves when a program that was started answers, which is when `ask` succeeds. Throws with the end of its log if it
 * ends, or does not answer within TIMEOUT_MS.
 */
export async function untilAnswering(program: Program, what: string, ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const isAnswering = await ask().then(
      () => true,
      () => false,
    )
    if (isAnswering) return
    if (program.hasEnded || performance.now() > deadline)
      throw new Error(`${what} does not answer:\n${program.logTail()}`)
    await sleep(100)
  }
}
