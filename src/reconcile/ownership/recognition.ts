/** Finds out at each listing which containers belong to this database. */
import { isCopy } from '../../domain/database-mark.ts'
import { targetOf } from '../../domain/container.ts'
import { BerthError } from '../../domain/errors.ts'
import { isCurrent, type Ownership, type Protected, protectedContainers } from './ownership.ts'
import { createOwnershipReader, type OwnershipDeps } from './reader.ts'
import type { Log } from '../../ports/log.ts'
import type { EngineListing, Observed, Presence } from '../../ports/engine.ts'
import type { Snapshot } from '../../domain/snapshot.ts'

const COPY = 'this database is a copy: a manager serves the original, and the containers belong to that one'
const LEDGER_LOST = 'the record of its reservations is lost'

export interface RecognitionDeps extends OwnershipDeps {
  readonly instance: string
  readonly log: Log
}

export interface Recognition {
  /**
   * Called after a listing, before anything is planned from it. Records reserved containers in the engine's ledger.
   * Returns null if this database turned out to be a copy: it has a new identity then, and the rows that were read
   * are void.
   */
  recognize(listing: Omit<EngineListing, 'unreachable'>, snapshot: Snapshot): Promise<Ownership | null>
  /** Containers that must be left alone, as of the last listing. */
  protectedContainers(): readonly Protected[]
}

export function createRecognition(context: RecognitionDeps): Recognition {
  const { instance, database, store, engine, clock, log } = context
  const ownershipOf = createOwnershipReader(context)
  let usedLedger = ''
  let protectedNow: readonly Protected[] = []
  let reported = ''

  async function useLedger({ ledger }: Presence): Promise<void> {
    if (usedLedger === ledger) return
    const retired = await store.useLedger({ ledger, instance }, LEDGER_LOST, clock())
    if (retired > 0) log.warn(`the ledger of lent containers is a new one; ${retired} free containers are replaced`)
    usedLedger = ledger
  }

  /** Adds to the ledger what an earlier version or another manager of this database has lent. */
  async function recordHeld(observed: readonly Observed[], { containers, reservations }: Snapshot): Promise<void> {
    const used = new Set(containers.filter(({ state }) => state !== 'ready').map(({ engineId }) => engineId))
    const unrecorded = new Map(
      observed.filter(({ id, lentTo }) => lentTo === null && used.has(id)).map((one) => [one.id, one]),
    )
    if (unrecorded.size === 0) return
    const rows = new Map(containers.map((row) => [row.name, row]))
    const lends = reservations.flatMap(({ id, state, holds }) => {
      const ids = holds.flatMap(({ container }): string[] => {
        const row = rows.get(container)
        const there = row && unrecorded.get(targetOf(row).id)
        return row && there && isCurrent(row, there, database.id) ? [there.id] : []
      })
      return state === 'active' && ids.length > 0 ? [engine.lend(ids, id)] : []
    })
    await Promise.all(lends)
  }

  /** Logs each change once. A container that was lent during this listing does not count: the rows know it now. */
  async function report(
    rows: Snapshot['containers'],
    observed: readonly Observed[],
    ownership: Ownership,
  ): Promise<void> {
    const found = protectedContainers(rows, observed, ownership)
    const again =
      found.length === 0 ? [] : protectedContainers((await store.snapshot()).containers, observed, ownership)
    protectedNow = again.filter((one) => found.some((other) => other.observed.id === one.observed.id))
    const text = describeProtected(protectedNow)
    if (text !== '' && text !== reported) log[protectedNow.some(({ row }) => row !== null) ? 'error' : 'warn'](text)
    if (text === '' && reported !== '') log.info('no container has to be left alone any more')
    reported = text
  }

  return {
    async recognize({ observed, peerNetworks }, snapshot) {
      const presence = engine.presence()
      if (presence === null) {
        throw new BerthError(
          'engine_unavailable',
          'the engine is still being set up, so the ledger of lent containers cannot be read yet',
        )
      }
      if (isCopy(database, presence.managers)) {
        log.error(COPY, { database: database.origin })
        database.id = await store.renewIdentity(database.id, COPY, clock())
        return null
      }
      await useLedger(presence)
      await recordHeld(observed, snapshot)
      const ownership = await ownershipOf(observed, snapshot, presence, peerNetworks)
      await report(snapshot.containers, observed, ownership)
      return ownership
    },
    protectedContainers: () => protectedNow,
  }
}

/** Returns what is left alone, why, and the ways out, for the log and the banner. Empty if nothing is. */
export function describeProtected(left: readonly Protected[]): string {
  if (left.length === 0) return ''
  const byReason = Map.groupBy(left, ({ why }) => why)
  const parts = [...byReason].map(([why, ones]) => {
    const names = ones.map(({ observed }) => observed.name).toSorted()
    return `${names.join(', ')}: ${why}`
  })
  const blocked = left.filter(({ row }) => row !== null).length
  const slots = blocked === 0 ? '' : `, and ${blocked} ${blocked === 1 ? 'slot is' : 'slots are'} out of use`
  const count = left.length === 1 ? '1 container is' : `${left.length} containers are`
  return `${count} left alone${slots} (${parts.join('; ')}). ${WAYS_OUT}`
}

const WAYS_OUT =
  'To serve beside them, give this installation a name of its own ("instance:" in berth.yml), and SSH ports of its own. ' +
  'To have them replaced, sessions included, when their manager is stopped: berth doctor --fix'
