import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Shell } from '../../ports/shell.ts'
import { endLogin, type Login, startLogin } from './login.ts'
import { type Place, placeOf } from './place.ts'
import type { TerminalsDeps } from './types.ts'

/** Starts a shell and records it. Ends the shell again if that fails, or if the reservation has ended meanwhile. */
export async function openShell(
  deps: Pick<TerminalsDeps, 'store' | 'engine' | 'clock' | 'newId'>,
  { reservation, container }: Place,
  { size, by }: { readonly size: TerminalSize; readonly by: Identity },
): Promise<Pick<Login, 'shell' | 'output'> & { readonly row: Terminal }> {
  const { store, engine, clock, newId } = deps
  const { name, generation, engineId } = container
  const id = newId()
  const request = { container: engineId, username: reservation.username, id }
  let started: Shell | null = null
  try {
    const { shell, persistent, output } = await startLogin(engine, { ...request, size })
    started = shell
    await placeOf(deps, name, by)
    const row = { id, reservation: reservation.id, container: name, generation, persistent, createdAt: clock() }
    await store.addTerminal(row, by.name, clock())
    return { row, shell, output }
  } catch (error) {
    started?.close()
    // A shell that did not answer in time may run all the same.
    void endLogin(engine, request).catch(() => undefined)
    throw error
  }
}
