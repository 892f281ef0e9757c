/**
 * Cuts containers off the network, any number of them at once: one transaction of nft, in the guard. What goes on inside goes
 * on; but nothing that anybody sends gets there, and nothing leaves. Docker freezes a hundred containers in a second, and
 * fewer, the more there are.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { BARRED_FOR } from './guard-spec.ts'

/** For so long, in milliseconds, those who are barred wait for those who come after them: whatever follows takes the engine's time. */
const GATHERING = 2_000
/**
 * For so long, in milliseconds, nobody is barred again at the same address: who cannot be frozen is to be barred each second, and
 * nine hundred of them took the guard longer than that.
 */
const FRESH = 20_000
/** In milliseconds, until a lift that failed is tried again, unless another change comes before. */
const RETRY = 1_000

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
   * Resolves when it has been tried. What fails is tried again until the guard has lifted it by itself: whoever has that address
   * next would be off the network.
   */
  lift(ids: readonly string[]): Promise<void>
}

export function createBarrier({ addresses, load }: Means): Barrier {
  /** Addresses that were barred, or may be, by id; null while that is under way. */
  const barred = new Map<string, string | null>()
  const toBar = new Map<string, () => void>()
  /** When addresses were barred. */
  const barredAt = new Map<string, number>()
  /** Addresses, and since when. */
  const toLift = new Map<string, number>()
  const waiting: (() => void)[] = []
  let working = false
  let retrying = false

  const liftSoon = (address: string) => toLift.set(address, performance.now())

  async function whereAre(ids: readonly string[]): Promise<[string, string][]> {
    // Whoever is to be lifted does not wait for an engine that is too busy to say it.
    const now = ids.length > 0 ? await addresses().catch(() => null) : null
    return ids.flatMap((id): [string, string][] => {
      const address = now?.get(id)
      return address === undefined ? [] : [[id, address]]
    })
  }

  function isFresh(address: string): boolean {
    const at = barredAt.get(address)
    return at !== undefined && performance.now() - at < FRESH
  }

  /** False when it failed: then it may have come about all the same. */
  async function tryToLoad(bar: readonly string[], lift: readonly string[]): Promise<boolean> {
    if (bar.length + lift.length === 0) return true
    const began = performance.now()
    for (const address of lift) barredAt.delete(address)
    try {
      await load(bar, lift)
    } catch {
      return false
    }
    for (const address of bar) barredAt.set(address, began)
    return true
  }

  /** Bars these, and lifts all that are to be lifted. False when it failed. */
  async function change(known: readonly [string, string][]): Promise<boolean> {
    const addressed = known.map(([, address]) => address)
    // It is another one's now, who is to be out.
    for (const address of addressed) toLift.delete(address)
    const lift = new Map(toLift)
    toLift.clear()
    const isLoaded = await tryToLoad(
      addressed.filter((address) => !isFresh(address)),
      [...lift.keys()],
    )
    for (const [id, address] of known) {
      const before = barred.get(id)
      // Lifted meanwhile: it has died before it was barred.
      if (before === undefined) liftSoon(address)
      else barred.set(id, address)
      // It has started anew since, with another address.
      if (before && before !== address) liftSoon(before)
    }
    if (isLoaded) return true
    for (const [address, since] of lift) if (performance.now() - since < BARRED_FOR) toLift.set(address, since)
    return false
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
      const known = await whereAre(ids)
      const lifting = waiting.splice(0)
      const isLoaded = await change(known)
      for (const resolve of lifting) resolve()
      for (const id of ids) if (barred.get(id) === null) barred.delete(id)
      if (!isLoaded && toBar.size === 0) {
        retry()
        break
      }
      if (performance.now() - began < GATHERING) continue
      release()
      began = performance.now()
    }
    release()
    working = false
  }

  function retry(): void {
    if (retrying || toLift.size === 0) return
    retrying = true
    setTimeout(() => {
      retrying = false
      wake()
    }, RETRY).unref()
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
        if (address) liftSoon(address)
      }
      if (toLift.size === 0) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push(resolve)
      wake()
      return promise
    },
  }
}
