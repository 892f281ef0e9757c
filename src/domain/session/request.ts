/** What the session commands ask the manager for (`images/session-commands`): one short line each. */
import { parseDuration } from '../text/duration.ts'

export type SessionRequest =
  | { readonly type: 'extend'; readonly id: string; readonly byMs: number }
  | { readonly type: 'release'; readonly id: string }

/** Twelve hexadecimal digits tell the command which answer is its own. */
const LINE = /^(?:(release)|extend (\d{1,6}(?:\.\d{1,2})?[smhd])) ([0-9a-f]{12})$/

/** Returns null for anything else: a tenant who is root can send any line. */
export function parseSessionRequest(line: string): SessionRequest | null {
  const [, release, duration, id] = LINE.exec(line) ?? []
  if (id === undefined) return null
  if (release !== undefined) return { type: 'release', id }
  const byMs = parseDuration(duration ?? '')
  return byMs === null || byMs <= 0 ? null : { type: 'extend', id, byMs }
}
