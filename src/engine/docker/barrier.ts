/**
 * Cuts containers off the network, any number of them at once: one transaction of nft, in the guard. What goes on inside goes
 * on; but nothing that anybody sends gets there, and nothing leaves. Docker freezes a hundred containers in a second, and
 * fewer, the more there are.
 */
import { setImmediate as turn } from 'node:timers/promises'

/** For so long, in milliseconds, those who are barred wait for those who come after them: whatever follows takes the engine's time. */
const GATHERING = 2_000

interface Means {
  /** On the networks of the instance, by id of the container, as they are now: who starts anew may have another one's. */
  readonly addresses: () => Promise<ReadonlyMap<string, string>>
  readonly load: (bar: readonly string[], lift: readonly string[]) => Promise<void>
}

export interface Barrier {
  /** Resolves when it has been tried. A help, which may fail: who is to be out is frozen and killed all the same. */
  bar(id: string): Promise<void>
  /**
   * For containers that are frozen, before they are killed, or dead: Docker gives an address to the next container at once.
   * Resolves when it has been tried.
   */
  lift(ids: readonly string[]): Promise<void>
}

export function createBarrier({ addresses, load }: Means): Barrier {
  /** Addresses that were barred, by id; null while that is under way. */
  const barred = new Map<string, string | null>()
  const toBar = new Map<string, () => void>()
  const toLift = new Set<string>()
  const waiting: (() => void)[] = []
  let working = false

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
      if (before === undefined) toLift.add(address)
      else barred.set(id, address)
      // It has started anew since, with another address.
      if (before && before !== address) toLift.add(before)
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
      const lifting = waiting.splice(0)
      await change(ids, lift).catch(() => undefined)
      for (const resolve of lifting) resolve()
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
    lift(ids) {
      for (const id of ids) {
        toBar.get(id)?.()
        toBar.delete(id)
        const address = barred.get(id)
        barred.delete(id)
        if (address) toLift.add(address)
      }
      if (toLift.size === 0) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      wake()
      return promise
    },
  }
}
