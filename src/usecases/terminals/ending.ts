/** Why a terminal has ended, for its viewers. */
import type { Container } from '../../domain/container.ts'
import { dueEnd, isActive, type Reservation } from '../../domain/reservation.ts'
import type { Terminal } from '../../domain/terminal/terminal.ts'
import type { LocalTime } from '../../domain/text/local-time.ts'

const MINUTE_MS = 60_000
/** A terminal without viewers is closed after this time. */
export const IDLE_MS = 10 * MINUTE_MS

/**
 * `closed`: on request; `idle`: without viewers for too long; `lost`: its container is down; `replaced` and `reset`:
 * another generation takes the container's place.
 */
type EndCause =
  | ('exited' | 'closed' | 'idle' | 'lost' | 'replaced' | 'reset')
  | ('released' | 'expired' | 'abandoned' | 'failed')

export interface TerminalEnding {
  readonly why: EndCause
  /** Sentence for the viewer: what has ended, when and why. */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly at: number
}

interface Facts {
  /** null: it has been deleted. */
  readonly reservation: Reservation | null
  readonly container: Pick<Container, 'generation' | 'resetAt'> | null
  readonly now: number
  readonly localTime: Pick<LocalTime, 'timeOfDay'>
}

/** Returns why the terminal is over; null while its reservation holds its container. */
export function endingOf(
  { container: name, generation }: Pick<Terminal, 'container' | 'generation'>,
  { reservation, container, now, localTime }: Facts,
): TerminalEnding | null {
  if (!reservation || !isActive(reservation, now)) return endingOfReservation(reservation, { now, localTime })
  const time = localTime.timeOfDay(now)
  if (container?.generation === generation && container.resetAt !== null) {
    return { why: 'reset', at: now, reason: `${name} was reset at ${time}: a fresh container takes its place.` }
  }
  const isHeld = reservation.holds.some((hold) => hold.container === name)
  if (isHeld && container?.generation === generation) return null
  return { why: 'replaced', at: now, reason: `${name} was replaced at ${time}; its files are lost.` }
}

function endingOfReservation(
  reservation: Reservation | null,
  { now, localTime }: Pick<Facts, 'now' | 'localTime'>,
): TerminalEnding {
  const due = reservation && dueEnd(reservation)
  const at = reservation?.endedAt ?? Math.min(due?.at ?? now, now)
  const outcome = reservation?.outcome ?? due?.outcome ?? 'released'
  const time = localTime.timeOfDay(at)
  const why = outcome === 'cancelled' ? 'released' : outcome
  const reasons: Readonly<Record<typeof why, string>> = {
    released: `The reservation was released at ${time}.`,
    expired: `The reservation expired at ${time}.`,
    abandoned: `The reservation ended at ${time}, because no keepalive call arrived.`,
    failed: `The reservation failed at ${time}: ${reservation?.reason ?? 'unknown reason'}.`,
  }
  return { why, at, reason: reasons[why] }
}

/** Exit code after SIGKILL (128 + 9), which ends all processes of a container that goes down. */
const KILLED = 137

/** Returns why the shell in this container is over; `code` is null when its exit code is unknown. */
export function endingOfShell(
  name: string,
  { code, now, localTime }: { readonly code: number | null } & Pick<Facts, 'now' | 'localTime'>,
): TerminalEnding {
  const time = localTime.timeOfDay(now)
  if (code === null)
    return { why: 'lost', at: now, reason: `The engine closed the connection to the shell in ${name} at ${time}.` }
  if (code !== KILLED) return { why: 'exited', at: now, reason: `The shell in ${name} exited at ${time}.` }
  const reason = `The shell in ${name} was killed at ${time}: its container went down, or a process killed it.`
  return { why: 'lost', at: now, reason }
}

export function closedEnding(now: number, localTime: Pick<LocalTime, 'timeOfDay'>): TerminalEnding {
  return { why: 'closed', at: now, reason: `The terminal was closed at ${localTime.timeOfDay(now)}.` }
}

export function idleEnding(now: number, localTime: Pick<LocalTime, 'timeOfDay'>): TerminalEnding {
  const time = localTime.timeOfDay(now)
  const minutes = IDLE_MS / MINUTE_MS
  return {
    why: 'idle',
    at: now,
    reason: `The terminal was closed at ${time}: it had no viewer for ${minutes} minutes.`,
  }
}
