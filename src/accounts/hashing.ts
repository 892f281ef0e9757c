import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { HashPassword } from '../core/ports.ts'
import type { Secret } from './sha512-crypt.ts'

/**
 * A hash takes ten milliseconds of a processor, by design. In threads of their own, hashes keep nobody else waiting; a core
 * is left to everybody else where there are several. The threads keep no process alive.
 */
export function createHashing(): HashPassword {
  const threads = new Piscina<Secret, string>({
    filename: new URL('./sha512-crypt.ts', import.meta.url).href,
    // The first one is there before the first request is.
    minThreads: 1,
    maxThreads: Math.max(1, availableParallelism() - 1),
  })
  return (password, random = false) => threads.run({ password, random }, { name: 'hashSecret' })
}
