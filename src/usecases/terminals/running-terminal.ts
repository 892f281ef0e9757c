import { isResponse } from '../../domain/terminal/responses.ts'
import { isTerminalSize, type Terminal, type TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Shell } from '../../ports/shell.ts'
import { IDLE_MS, type TerminalEnding } from './ending.ts'
import type { RunningShell } from './open-shell.ts'
import { OutputRing } from './output-ring.ts'
import type { TicketHolder } from './tickets.ts'
import { type Closing, type Connection, Viewer } from './viewer.ts'

/** Viewers that attach within this time after a lost shell was started again are told that it was lost. */
const LOST_FOR_MS = 30_000
/** Shorter than the minute after which proxies close a silent connection. */
const PING_MS = 20_000

export interface RunningTerminalDeps {
  readonly clock: Clock
  /** Called for each input that is not a response of a terminal to a query. */
  readonly onInput: () => void
  /** Called when the shell, or the connection to it, ended without `end` or `disconnect`. */
  readonly onShellEnd: (code: number | null) => void
}

/** What a viewer does. Its connection calls these. */
export interface Attachment {
  type(bytes: Uint8Array): void
  /** Returns false for a size that no terminal can have. */
  resize(size: TerminalSize): boolean
  /** Returns false for an impossible number of bytes. */
  acknowledge(bytes: number): boolean
  /** The connection was closed. */
  leave(): void
}

/** A shell that runs, with its viewers. */
export class RunningTerminal {
  readonly row: Terminal
  readonly #shell: Shell
  readonly #deps: RunningTerminalDeps
  readonly #ring = new OutputRing()
  readonly #viewers = new Set<Viewer>()
  readonly #lostUntil: number
  /** The viewer that typed or resized last; null if that viewer has left. */
  #active: Viewer | null = null
  #size: TerminalSize
  #isResizing = false
  /** Sends the end to a viewer and closes its connection; null until the terminal has ended. */
  #announceEnd: ((connection: Connection) => void) | null = null
  /** When the last viewer left, or the terminal was opened; epoch milliseconds. */
  #aloneSince: number

  constructor(row: Terminal, { shell, output, size, lost }: RunningShell, deps: RunningTerminalDeps) {
    this.row = row
    this.#shell = shell
    this.#deps = deps
    this.#size = size
    this.#aloneSince = deps.clock()
    this.#lostUntil = lost ? deps.clock() + LOST_FOR_MS : 0
    this.#ring.append(output)
    shell.stream.on('data', (chunk: Buffer) => this.#printed(chunk))
    shell.stream.on('drain', () => this.#holdInput(false))
    shell.stream.resume()
    void shell.ended.then((code) => {
      if (this.#announceEnd === null) deps.onShellEnd(code)
    })
  }

  /** Number of viewers. */
  get viewers(): number {
    return this.#viewers.size
  }

  attach(connection: Connection, holder: TicketHolder): Attachment {
    const now = this.#deps.clock()
    const viewer = new Viewer(connection, holder, { ring: this.#ring, now })
    viewer.replay(this.#size, now < this.#lostUntil)
    if (this.#announceEnd) this.#announceEnd(connection)
    else this.#viewers.add(viewer)
    // The shell may have been waiting for viewers that are full; the new one is not.
    this.#pace()
    return {
      type: (bytes) => this.#typed(viewer, bytes),
      resize: (size) => {
        if (!isTerminalSize(size)) return false
        viewer.size = size
        if (this.#viewers.has(viewer)) this.#active = viewer
        this.#resize(viewer, size)
        return true
      },
      acknowledge: (bytes) => {
        const isPossible = viewer.acknowledge(bytes, this.#deps.clock())
        viewer.pump(this.#size, this.#deps.clock())
        this.#pace()
        return isPossible
      },
      leave: () => this.#left(viewer),
    }
  }

  /** Pings viewers, and closes the connections of those whose token or session is no longer valid. */
  async check(now: number, checkMs: number): Promise<void> {
    for (const viewer of this.#viewers) {
      if (now - viewer.pingedAt >= PING_MS) {
        viewer.pingedAt = now
        viewer.connection.ping()
      }
      if (now - viewer.checkedAt < checkMs) continue
      viewer.checkedAt = now
      if (await viewer.holder.isStillAllowed()) continue
      viewer.connection.close('signed_out', 'the token or session of this terminal is no longer valid')
      this.#left(viewer)
    }
    this.#pace()
  }

  /** Returns whether there has been no viewer for too long. */
  isIdle(now: number): boolean {
    return this.#viewers.size === 0 && now - this.#aloneSince >= IDLE_MS
  }

  /** Sends the reason to the viewers, and closes everything. */
  end(ending: TerminalEnding): void {
    this.#close((connection) => {
      connection.send({ type: 'ended', ...ending })
      const isReplaced = ending.why === 'replaced' || ending.why === 'reset'
      connection.close(isReplaced ? 'replaced' : 'over', ending.reason)
    })
  }

  /** Disconnects the viewers, who can attach again. A persistent shell goes on. */
  disconnect(why: Extract<Closing, 'restarting' | 'unreachable'>, reason: string): void {
    this.#close((connection) => connection.close(why, reason))
  }

  #close(announce: (connection: Connection) => void): void {
    if (this.#announceEnd) return
    this.#announceEnd = announce
    for (const { connection } of this.#viewers) announce(connection)
    this.#viewers.clear()
    this.#shell.close()
  }

  #printed(chunk: Buffer): void {
    this.#ring.append(chunk)
    const now = this.#deps.clock()
    for (const viewer of this.#viewers) viewer.pump(this.#size, now)
    this.#pace()
  }

  /** Input of a viewer who has left is dropped: its client may ignore the close for half a minute. */
  #typed(viewer: Viewer, bytes: Uint8Array): void {
    if (!this.#viewers.has(viewer)) return
    if (isResponse(bytes)) {
      // The terminals of all viewers respond to a query, but the program expects one response.
      const [first] = this.#viewers
      if (viewer !== (this.#active ?? first)) return
    } else {
      this.#active = viewer
      if (viewer.size) this.#resize(viewer, viewer.size)
      this.#deps.onInput()
    }
    if (!this.#shell.stream.write(bytes)) this.#holdInput(true)
  }

  /** Pauses the shell while no viewer can take more, so that the fastest viewer misses nothing. */
  #pace(): void {
    const now = this.#deps.clock()
    const attentive = [...this.#viewers].filter((viewer) => !viewer.isStalled(now))
    const { stream } = this.#shell
    if (attentive.length > 0 && attentive.every((viewer) => viewer.isFull(now))) stream.pause()
    else if (!this.#announceEnd) stream.resume()
  }

  #resize(by: Viewer, size: TerminalSize): void {
    if (!this.#viewers.has(by) || (size.cols === this.#size.cols && size.rows === this.#size.rows)) return
    this.#size = size
    void this.#resizeShell()
    for (const viewer of this.#viewers) if (viewer !== by) viewer.connection.send({ type: 'size', ...size })
  }

  /** Sends one request at a time to the engine, with the latest size: viewers may resize at any rate. */
  async #resizeShell(): Promise<void> {
    if (this.#isResizing) return
    this.#isResizing = true
    let sent: TerminalSize | null = null
    while (sent !== this.#size && !this.#announceEnd) {
      sent = this.#size
      // A shell that has ended, or an engine that does not answer, is noticed by other means.
      await this.#shell.resize(sent).catch(() => undefined)
    }
    this.#isResizing = false
  }

  #holdInput(held: boolean): void {
    for (const viewer of this.#viewers) viewer.connection.hold(held)
  }

  #left(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return
    if (this.#active === viewer) this.#active = null
    if (this.#viewers.size === 0) this.#aloneSince = this.#deps.clock()
    this.#pace()
  }
}
