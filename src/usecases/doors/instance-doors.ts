/** The doors of all processes of an instance, as the manager that ends access sees them. */
import { shareRuns } from '../../domain/concurrency.ts'
import type { Reservation } from '../../domain/reservation.ts'
import type { Door } from '../../ports/door.ts'
import type { DoorRecord } from '../../ports/store/doors.ts'
import type { Store } from '../../ports/store.ts'
import type { LocalDoor } from './local-doors.ts'

/** Pauses between readings of what the other doors have recorded: the first, and the longest. */
const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 100
/** Small, so that an answer comes at most a quarter later than it could. */
const PAUSE_FACTOR = 1.25

export interface InstanceDoorsDeps {
  readonly store: Pick<Store, 'latestChange' | 'doors'>
  /** The doors of this process. */
  readonly here: LocalDoor
  /** See `Door`. */
  readonly guards: Door['guards']
  /** Resolves after this time, or when the signal is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/**
 * Each door closes its connections by the rows, and then records the change up to which it has done so. A door that
 * does not record it, because it is frozen or cannot reach the database, may still have connections: nothing follows
 * from the age of its row.
 */
export class InstanceDoors implements Door {
  readonly #deps: InstanceDoorsDeps
  /**
   * Reads the doors. Calls of `cut` share a reading, but only one that began after their reservations had ended: an
   * earlier one may lack a gateway that has accepted a connection since.
   */
  readonly #readDoors: () => Promise<readonly DoorRecord[]>

  constructor(deps: InstanceDoorsDeps) {
    this.#deps = deps
    this.#readDoors = shareRuns(() => deps.store.doors())
  }

  guards(engineId: string): boolean {
    return this.#deps.guards(engineId)
  }

  async cut(reservation: Reservation, signal: AbortSignal): Promise<void> {
    const { store, here, pause } = this.#deps
    /** The change that recorded the end, or a later one; null until it has been read. */
    let change: number | null = null
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(PAUSE_FACTOR * pauseMs, MAX_PAUSE_MS)) {
      signal.throwIfAborted()
      try {
        if (change === null) {
          await here.closeWhatIsOver()
          change = await store.latestChange()
        }
        if (haveCut(await this.#readDoors(), reservation, change)) return
      } catch {
        // The database does not answer: it is asked again until the engine has confirmed the end.
      }
      await pause(pauseMs, signal)
    }
  }
}

/** Whether every other door that may have a connection to the reservation has applied the change. */
function haveCut(doors: readonly DoorRecord[], { createdAt }: Reservation, change: number): boolean {
  return doors.every(({ kind, until, appliedChange, isOwn }) => {
    if (isOwn || appliedChange >= change) return true
    // A gateway accepts connections only while it renews its row. A manager may be slow to notice that it does not.
    return kind === 'gateway' && until < createdAt
  })
}
