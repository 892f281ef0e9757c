import type { TerminalSize } from '../../domain/terminal/terminal.ts'
import type { TerminalEnding } from './ending.ts'
import type { OutputRing } from './output-ring.ts'
import type { Access } from './tickets.ts'

/** Output on its way to one viewer that the viewer has not acknowledged: the maximum, which bounds its memory. */
const WINDOW_BYTES = 256 * 1024
/** A viewer that has acknowledged nothing for this time does not delay the shell any more. */
const STALLED_MS = 10_000

/** Why a connection of a viewer is closed. */
export type Closing = 'signed_out' | 'replaced' | 'over' | 'restarting' | 'mistake'

export type ViewerMessage =
  | ({ readonly type: 'attached'; readonly replayed: number; readonly lost: boolean } & TerminalSize)
  | ({ readonly type: 'size' } & TerminalSize)
  | ({ readonly type: 'ended' } & TerminalEnding)

/** The connection of a viewer. None of these waits. */
export interface Connection {
  send(message: ViewerMessage): void
  output(bytes: Uint8Array): void
  /** Stops, or starts again, to take input: the shell takes none. */
  hold(held: boolean): void
  /** Asks for a sign of life. Gives up a connection that has given none since the last call. */
  ping(): void
  close(why: Closing, reason: string): void
}

/** Sends the output of a terminal to one viewer, no faster than it is acknowledged. */
export class Viewer {
  readonly connection: Connection
  readonly access: Access
  readonly #ring: OutputRing
  /** Size of its own window; null before it has said one. */
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

  constructor(connection: Connection, access: Access, { ring, now }: { ring: OutputRing; now: number }) {
    this.connection = connection
    this.access = access
    this.#ring = ring
    this.checkedAt = this.pingedAt = this.#tookAt = now
  }

  /** Sends the output that was kept, and from then on what follows. */
  replay(size: TerminalSize, lost: boolean): void {
    const from = this.#ring.safeStart()
    const old = this.#ring.read(from, this.#ring.end - from)
    this.connection.send({ type: 'attached', ...size, replayed: old.length, lost })
    if (old.length > 0) this.connection.output(old)
    this.#base = this.#sent = this.#acknowledged = this.#ring.end
  }

  /** Sends what there is room for. A viewer that was too slow for the ring gets it anew once it has taken the rest. */
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

  /** Takes the number of bytes that the viewer has processed since it was attached. Returns false if it cannot be. */
  acknowledge(bytes: number, now: number): boolean {
    const to = this.#base + bytes
    if (!Number.isSafeInteger(bytes) || to < this.#acknowledged || to > this.#sent) return false
    if (to > this.#acknowledged) this.#tookAt = now
    this.#acknowledged = to
    return true
  }

  /** Whether the shell should wait for it. */
  isFull(now: number): boolean {
    return this.#room() === 0 && now - this.#tookAt < STALLED_MS
  }

  /** Whether it is full and the shell does not wait for it any more. */
  isStalled(now: number): boolean {
    return this.#room() === 0 && now - this.#tookAt >= STALLED_MS
  }

  #room(): number {
    return Math.max(0, WINDOW_BYTES - (this.#sent - this.#acknowledged))
  }
}
