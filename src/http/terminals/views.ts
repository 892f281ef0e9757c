/** How the API shows terminals. */
import type { Static } from 'typebox'
import type { TerminalView as View } from '../../usecases/terminals/types.ts'
import { time } from '../time.ts'
import type { TerminalView } from './schemas.ts'

export function viewTerminal(terminal: View): Static<typeof TerminalView> {
  const { id, container, reservation, username, createdAt, persistent, viewers } = terminal
  return { id, container, reservation, username, created_at: time(createdAt), persistent, viewers }
}
