/** Shells that wait in containers which nobody has yet. */
import { createLimit } from '../core/limit.ts'
import type { Engine, Target, WaitingExec } from '../core/ports.ts'
import { waitForSomebody, WAITING } from './account-script.ts'

/** How many are begun at once, and how long, in milliseconds, after one was lost or refused before the next is tried. */
const AT_ONCE = 2
const AGAIN = 10_000
const TIMEOUT = 10_000

export interface Waiting {
  /** This one waits in the container with that id. */
  put(id: string, shell: WaitingExec): void
  /** The one that waits there, if there is one; it does not wait any more. */
  take(id: string): Promise<WaitingExec | null>
  /** Only in these. Begins what is missing, and abandons what is in excess. */
  expect(free: readonly Target[]): void
}

export function openWaiting(engine: Engine): Waiting {
  const shells = new Map<string, WaitingExec>()
  const begun = new Map<string, { readonly at: number; readonly done: Promise<void> }>()
  const fewAtOnce = createLimit(AT_ONCE)
  let wanted: ReadonlySet<string> = new Set()

  async function begin(id: string): Promise<void> {
    if (!wanted.has(id)) return
    try {
      const command = ['bash', '-c', waitForSomebody, WAITING]
      const shell = await engine.execAhead(id, { command, timeoutMs: TIMEOUT })
      if (wanted.has(id)) shells.set(id, shell)
      else shell.abandon()
    } catch {
      // It is done without; whatever is wrong with the container shows when somebody is let in.
    }
  }

  return {
    put(id, shell) {
      shells.get(id)?.abandon()
      shells.set(id, shell)
    },
    async take(id) {
      await begun.get(id)?.done
      const shell = shells.get(id) ?? null
      shells.delete(id)
      return shell === null || shell.over ? null : shell
    },
    expect(free) {
      const now = performance.now()
      const before = wanted
      wanted = new Set(free.map((target) => target.id))
      for (const [id, shell] of shells) {
        // One that was never expected is in the making.
        if (!shell.over && (wanted.has(id) || !before.has(id))) continue
        shells.delete(id)
        shell.abandon()
      }
      for (const [id, { at }] of begun) if (now - at > AGAIN) begun.delete(id)
      for (const id of wanted) {
        if (!shells.has(id) && !begun.has(id)) begun.set(id, { at: now, done: fewAtOnce(() => begin(id)) })
      }
    },
  }
}
