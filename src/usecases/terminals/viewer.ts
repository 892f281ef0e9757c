import type { TerminalSize } from '../../domain/terminal/terminal.ts'
import type { TerminalEnding } from './ending.ts'
import type { OutputRing } from './output-ring.ts'
import type { TicketHolder } from './tickets.ts'

/** Maximum output that is sent to a viewer beyond what it has acknowledged. */
const WINDOW_BYTES = 256 * 1024
/** A full viewer that has acknowledged nothing for this time no longer delays the shell. */
const STALLED_MS = 10_000

/**
 * Why the connection of a viewer is closed. `unreachable`: the connection to the shell was lost, but the shell may
 * still run; `protocol_error`: a message could not be understood.
 */
export type Closing = 'signed_out' | 'replaced' | 'over' | 'restarting' | 'unreachable' | 'protocol_error'

export type ViewerMessage =
  | ({ readonly type: 'attached'; readonly replayed: number; readonly lost: boolean } & TerminalSize)
  | ({ readonly type: 'size' } & TerminalSize)
  | ({ readonly type: 'ended' } & TerminalEnding)

/** The connection of a viewer. No method waits. */
export interface Connection {
  send(message: ViewerMessage): void
  output(bytes: Uint8Array): void
  /** Stops or resumes taking input, while the shell takes none. */
  hold(held: boolean): void
  /** Sends a ping. Terminates a connection that has sent nothing since the previous ping. */
  ping(): void
  close(why: Closing, reason: string): void
}

/** Sends the output of a terminal to one viewer, no faster than it is acknowledged. */
export class Viewer {
  readonly connection: Connection
  readonly holder: TicketHolder
  readonly #ring: OutputRing
  /** Size of its own window; null until it has sent one. */
  size: TerminalSize | null = null
  /** When its access was last checked, and when it was last pinged; epoch milliseconds. */
  checkedAt: number
  pingedAt: number
  /** Positions: up to where output was replayed, sent and acknowledged. */
  #base = 0
  #sent = 0
  #acknowledged = 0
  /** When it last acknowledged something, or had nothing to acknowledge. */
  #tookAt: number

  constructor(connection: Connection, holder: TicketHolder, { ring, now }: { ring: OutputRing; now: number }) {
    this.connection = connection
    this.holder = holder
    this.#ring = ring
    this.checkedAt = this.pingedAt = this.#tookAt = now
  }

  /** Sends the kept output. `pump` continues after it. */
  replay(size: TerminalSize, lost: boolean): void {
    const from = this.#ring.safeStart()
    const old = this.#ring.read(from, this.#ring.end - from)
    this.connection.send({ type: 'attached', ...size, replayed: old.length, lost })
    if (old.length > 0) this.connection.output(old)
    this.#base = this.#sent = this.#acknowledged = this.#ring.end
  }

  /**
   * Sends as much output as the window allows. A viewer that is so slow that its next output was dropped gets another
   * replay, once it has acknowledged what was sent.
   */
  pump(size: TerminalSize, now: number): void {
    if (this.#sent === this.#acknowledged) this.#tookAt = now
    if (this.#sent < this.#ring.start) {
      if (this.#sent === this.#acknowledged) this.replay(size, false)
      return
    }
    const bytes = this.#ring.read(this.#sent, this.#room())
    if (bytes.length === 0) return
    this.#sent += bytes.length
    this.connection.output(bytes)
  }

  /** Records that the viewer has processed this many bytes since the replay. Returns false for an impossible number. */
  acknowledge(bytes: number, now: number): boolean {
    const to = this.#base + bytes
    if (!Number.isSafeInteger(bytes) || to < this.#acknowledged || to > this.#sent) return false
    if (to > this.#acknowledged) this.#tookAt = now
    this.#acknowledged = to
    return true
  }

  /** Returns whether the shell should wait for it. */
  isFull(now: number): boolean {
    return this.#room() === 0 && now - this.#tookAt < STALLED_MS
  }

  /** Returns whether it is full, and the shell no longer waits for it. */
  isStalled(now: number): boolean {
    return this.#room() === 0 && now - this.#tookAt >= STALLED_MS
  }

  #room(): number {
    return Math.max(0, WINDOW_BYTES - (this.#sent - this.#acknowledged))
  }
}
