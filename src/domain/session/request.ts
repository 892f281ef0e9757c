/** Requests of the session commands to the manager (`images/session-commands`): one short line each. */
import { parseDuration } from '../text/duration.ts'

export type SessionRequest =
  | { readonly type: 'extend'; readonly id: string; readonly byMs: number }
  | { readonly type: 'release'; readonly id: string }

/** Ends with an id of twelve hexadecimal digits, by which the command recognizes the answer. */
const LINE = /^(?:(release)|extend (\d{1,6}(?:\.\d{1,2})?[smhd])) ([0-9a-f]{12})$/

/** Returns null for any other line: a tenant who is root can send anything. */
export function parseSessionRequest(line: string): SessionRequest | null {
  const [, release, duration, id] = LINE.exec(line) ?? []
  if (id === undefined) return null
  if (release !== undefined) return { type: 'release', id }
  const byMs = parseDuration(duration ?? '')
  return byMs === null || byMs <= 0 ? null : { type: 'extend', id, byMs }
}
