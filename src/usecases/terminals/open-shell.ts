import type { Identity } from '../../domain/identity.ts'
import type { Terminal, TerminalSize } from '../../domain/terminal/terminal.ts'
import { type Place, placeOf } from './place.ts'
import { endLogin, type Login, startLogin } from './login.ts'
import type { TerminalsDeps } from './types.ts'

/** Starts a shell and records it. Ends the shell again if the reservation has ended meanwhile. */
export async function openShell(
  deps: TerminalsDeps,
  { reservation, container }: Place,
  { size, by }: { readonly size: TerminalSize; readonly by: Identity },
): Promise<Pick<Login, 'shell' | 'output'> & { readonly row: Terminal }> {
  const { store, engine, clock, newId } = deps
  const { name, generation, engineId } = container
  const id = newId()
  const login = { container: engineId, username: reservation.username, id }
  const { shell, persistent, output } = await startLogin(engine, { ...login, size })
  const row = { id, reservation: reservation.id, container: name, generation, persistent, createdAt: clock() }
  try {
    await placeOf(deps, name, by)
    await store.addTerminal(row, by.name, clock())
    return { row, shell, output }
  } catch (error) {
    shell.close()
    void endLogin(engine, login).catch(() => undefined)
    throw error
  }
}
