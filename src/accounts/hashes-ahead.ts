/** Hashes that are made before anybody asks for them. */
import type { HashPassword } from '../core/ports.ts'

/** Milliseconds since the last one was wanted, and then between two: whoever waits for a hash comes first. */
const QUIET = 250
const PACE = 20
/** Between two while containers are being made: for whoever waits for those, and still as many as get ready meanwhile on two cores. */
const SLOW_PACE = 300

export interface Usual {
  /** That everybody has who chose none. */
  readonly password: string
  /**
   * How many may want a hash of it at once. Each hash is given away once: two accounts with one salt would be seen to
   * have one password.
   */
  readonly most: () => number
  /** Whether the processor has more urgent things to do. */
  readonly isBusy: () => boolean
}

/** Who has the usual password waits for no hash. Keeps no process alive. */
export function hashAhead(hashPassword: HashPassword, usual: Usual): HashPassword {
  const stock: string[] = []
  let timer: NodeJS.Timeout | undefined

  function makeOneIn(pause: number): void {
    clearTimeout(timer)
    if (stock.length < usual.most()) timer = setTimeout(() => void makeOne(), pause).unref()
  }

  async function makeOne(): Promise<void> {
    // Without one, whoever asks has their own made, and is told why that cannot be done.
    const hash = await hashPassword(usual.password).catch(() => null)
    if (hash !== null) stock.push(hash)
    const pace = usual.isBusy() ? SLOW_PACE : PACE
    makeOneIn(hash === null ? QUIET : pace)
  }

  makeOneIn(QUIET)
  return async (password, random) => {
    makeOneIn(QUIET)
    const ready = password === usual.password && !random ? stock.pop() : undefined
    return ready ?? hashPassword(password, random)
  }
}
