/** Detects that the machine has slept: its connections may be dead, and the browser does not report it. */

/** Shorter differences are caused by adjusted clocks and busy machines. */
const SLEEP_MS = 15_000

interface Clocks {
  /** Time of day, epoch milliseconds. */
  readonly day: () => number
  /** Milliseconds that the machine was awake. */
  readonly awake: () => number
}

/**
 * Returns a function that returns whether the machine has slept since it was called last: more time has passed than the
 * machine was awake. How late a timer is says less, because browsers delay those of hidden pages by a minute.
 */
export function sleepDetector(
  { day, awake }: Clocks = { day: Date.now, awake: () => performance.now() },
): () => boolean {
  let asleep = day() - awake()
  return () => {
    const now = day() - awake()
    const slept = now - asleep > SLEEP_MS
    asleep = now
    return slept
  }
}
