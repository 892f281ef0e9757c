import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import type { HashPassword } from '../core/ports.ts'
import { hashAhead, type Usual } from './hashes-ahead.ts'
import type { Secret } from './sha512-crypt.ts'

/**
 * A hash takes milliseconds of a processor, by design. In threads of their own, hashes keep nobody else waiting; a core is
 * left to everybody else where there are several. Of the `usual` password, some are made ahead. The threads keep no
 * process alive.
 */
export function createHashing(usual?: Usual): HashPassword {
  const threads = new Piscina<Secret, string>({
    filename: new URL('./sha512-crypt.ts', import.meta.url).href,
    // The first one is there before the first request is.
    minThreads: 1,
    maxThreads: Math.max(1, availableParallelism() - 1),
  })
  const hash: HashPassword = (password, random = false) => threads.run({ password, random }, { name: 'hashSecret' })
  return usual === undefined ? hash : hashAhead(hash, usual)
}
