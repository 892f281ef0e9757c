import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { HashPassword } from '../../ports/accounts.ts'
import type { Secret } from './sha512-crypt.ts'

/**
 * Hashes passwords in worker threads: a hash takes milliseconds of a processor, by design, and would block the event
 * loop. With several cores, one is left for everything else. The threads do not keep the process alive.
 */
export function createHashing(): HashPassword {
  const threads = new Piscina<Secret, string>({
    filename: new URL('./sha512-crypt.ts', import.meta.url).href,
    // Started before the first request needs it.
    minThreads: 1,
    maxThreads: Math.max(1, availableParallelism() - 1),
  })
  return (password, random = false) => threads.run({ password, random }, { name: 'hashSecret' })
}
