/**
 * Cuts containers off the network, any number of them at once: one transaction of nft, in the guard. What goes on inside goes
 * on; but nothing that anybody sends gets there, and nothing leaves. Docker freezes a hundred containers in a second, and
 * fewer, the more there are.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'

/** For so long, in milliseconds, those who are barred wait for those who come after them: whatever follows takes the engine's time. */
const GATHERING = 2_000
/** For so long, in milliseconds, addresses are gathered that are to be lifted: each change takes as much as half a kill. */
const LIFTING = 2_000

interface Means {
  /** On the networks of the instance, by id of the container, as they are now: who starts anew may have another one's. */
  readonly addresses: () => Promise<ReadonlyMap<string, string>>
  readonly load: (bar: readonly string[], lift: readonly string[]) => Promise<void>
}

export interface Barrier {
  /** Resolves when it has been tried. A help, which may fail: who is to be out is frozen and killed all the same. */
  bar(id: string): Promise<void>
  /** For a container that is dead: its address may be another one's soon. */
  lift(id: string): void
}

export function createBarrier({ addresses, load }: Means): Barrier {
  /** Addresses that were barred, by id; null while that is under way. */
  const barred = new Map<string, string | null>()
  const toBar = new Map<string, () => void>()
  const toLift = new Set<string>()
  let working = false
  let gathering = false

  async function change(ids: readonly string[], lift: readonly string[]): Promise<void> {
    const now = ids.length > 0 ? await addresses() : new Map<string, string>()
    const known = ids.flatMap((id): [string, string][] => {
      const address = now.get(id)
      return address === undefined ? [] : [[id, address]]
    })
    if (known.length + lift.length === 0) return
    const bar = known.map(([, address]) => address)
    await load(bar, lift)
    for (const [id, address] of known) {
      const before = barred.get(id)
      // Lifted meanwhile: it has died before it was barred.
      if (before === undefined) liftSoon(address)
      else barred.set(id, address)
      // It has started anew since, with another address.
      if (before && before !== address) liftSoon(before)
    }
  }

  async function work(): Promise<void> {
    const done: (() => void)[] = []
    const release = () => {
      for (const resolve of done.splice(0)) resolve()
    }
    let began = performance.now()
    // All that are asked for in one turn of the event loop go together.
    await turn()
    while (toBar.size + toLift.size > 0) {
      const ids = [...toBar.keys()]
      done.push(...toBar.values())
      toBar.clear()
      for (const id of ids) barred.set(id, barred.get(id) ?? null)
      const lift = [...toLift]
      toLift.clear()
      await change(ids, lift).catch(() => undefined)
      for (const id of ids) if (barred.get(id) === null) barred.delete(id)
      if (performance.now() - began < GATHERING) continue
      release()
      began = performance.now()
    }
    release()
    working = false
  }

  function wake(): void {
    if (working) return
    working = true
    void work()
  }

  function liftSoon(address: string): void {
    toLift.add(address)
    if (!gathering) void liftLater()
  }

  async function liftLater(): Promise<void> {
    gathering = true
    await sleep(LIFTING, undefined, { ref: false })
    gathering = false
    wake()
  }

  return {
    bar(id) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const other = toBar.get(id)
      toBar.set(id, () => {
        other?.()
        resolve()
      })
      wake()
      return promise
    },
    lift(id) {
      toBar.get(id)?.()
      toBar.delete(id)
      const address = barred.get(id)
      barred.delete(id)
      if (address) liftSoon(address)
    },
  }
}
