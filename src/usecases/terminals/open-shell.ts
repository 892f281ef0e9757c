/** Starts and resumes the shells of terminals. */
import { BerthError } from '../../domain/errors.ts'
import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Shell } from '../../ports/shell.ts'
import { endLogin, startLogin } from './login.ts'
import { type Place, placeOf } from './place.ts'
import type { TerminalsDeps } from './types.ts'

/** Size of a resumed shell, until a viewer sends its own. */
const DEFAULT_SIZE = { cols: 80, rows: 24 }

export interface RunningShell {
  readonly shell: Shell
  /** Output that the shell has printed so far. */
  readonly output: Uint8Array
  readonly size: TerminalSize
  /** Whether it replaces a shell that ended while no manager was connected to it. */
  readonly lost: boolean
}

/** Starts a shell and records it. Ends the shell again if that fails, or if the reservation has ended meanwhile. */
export async function openShell(
  deps: Pick<TerminalsDeps, 'store' | 'engine' | 'clock'>,
  { reservation, container }: Place,
  { id, size, by }: { readonly id: string; readonly size: TerminalSize; readonly by: Identity },
): Promise<RunningShell & { readonly row: Terminal }> {
  const { store, engine, clock } = deps
  const { name, generation, engineId } = container
  const request = { container: engineId, username: reservation.username, id }
  let started: Shell | null = null
  try {
    const { shell, persistent, output } = await startLogin(engine, { ...request, size })
    started = shell
    await placeOf(deps, name, by)
    const now = clock()
    const times = { createdAt: now, viewedAt: now }
    const row = { id, reservation: reservation.id, container: name, generation, persistent, ...times }
    await store.addTerminal(row, by.name, now)
    return { row, shell, output, size, lost: false }
  } catch (error) {
    started?.close()
    // A shell that did not answer in time may run all the same.
    void endLogin(engine, request).catch(() => undefined)
    throw error
  }
}

/**
 * Reconnects to the shell of a terminal, or starts a new one if it has ended. Ends the shell if the terminal was closed
 * meanwhile. `not_found`, `guest_failed`, `engine_unavailable`.
 */
export async function resumeShell(
  { store, engine }: Pick<TerminalsDeps, 'store' | 'engine'>,
  { reservation, container }: Place,
  row: Terminal,
): Promise<RunningShell> {
  const request = { container: container.engineId, username: reservation.username, id: row.id }
  // Recorded first: a manager that loses the shell then reads which manager has it.
  await store.takeTerminal(row.id)
  // Its processes outlived the earlier connection, and no viewer can reach them.
  if (!row.persistent) await endLogin(engine, request).catch(() => undefined)
  const { shell, output, isNew } = await startLogin(engine, { ...request, size: DEFAULT_SIZE })
  try {
    if (await store.terminal(row.id)) return { shell, output, size: DEFAULT_SIZE, lost: isNew }
  } catch (error) {
    shell.close()
    throw error
  }
  shell.close()
  await endLogin(engine, request).catch(() => undefined)
  throw new BerthError('not_found', 'there is no such terminal')
}
