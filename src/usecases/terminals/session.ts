import { isTerminalSize, type Terminal, type TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Shell } from '../../ports/shell.ts'
import type { TerminalEnding } from './ending.ts'
import { OutputRing } from './output-ring.ts'
import type { Access } from './tickets.ts'
import { type Connection, Viewer } from './viewer.ts'

/** Whoever has just lost their shell with the manager learns it, on each of their devices. */
const LOST_FOR_MS = 30_000
/** A shell without viewers is ended after this time. */
const IDLE_MS = 10 * 60_000
/** Less than the minute after which proxies close a silent connection. */
const PING_MS = 20_000

export interface SessionDeps {
  readonly clock: Clock
  /** Something was typed. */
  readonly onTyped: () => void
  /** The shell has ended by itself, or the connection to it. */
  readonly onOver: (code: number | null) => void
}

/** What a viewer does. Its connection calls these. */
export interface Attachment {
  type(bytes: Uint8Array): void
  /** Returns false for a size that no terminal has. */
  resize(size: TerminalSize): boolean
  /** Returns false for a number of bytes that cannot be. */
  acknowledge(bytes: number): boolean
  /** The connection is gone. */
  leave(): void
}

/** A running shell with its viewers. */
export class TerminalSession {
  readonly row: Terminal
  readonly #shell: Shell
  readonly #deps: SessionDeps
  readonly #ring = new OutputRing()
  readonly #viewers = new Set<Viewer>()
  readonly #lostUntil: number
  #size: TerminalSize
  #hasEnded = false
  /** When the last viewer left, or it began; epoch milliseconds. */
  #aloneSince: number

  /** `lost`: it takes the place of a shell that ended with an earlier manager. */
  constructor(
    row: Terminal,
    { shell, output, size, lost }: { shell: Shell; output: Uint8Array; size: TerminalSize; lost: boolean },
    deps: SessionDeps,
  ) {
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
      if (!this.#hasEnded) deps.onOver(code)
    })
  }

  get viewers(): number {
    return this.#viewers.size
  }

  attach(connection: Connection, access: Access): Attachment {
    const now = this.#deps.clock()
    const viewer = new Viewer(connection, access, { ring: this.#ring, now })
    this.#viewers.add(viewer)
    viewer.replay(this.#size, now < this.#lostUntil)
    // The others may take no more; this one can.
    this.#pace()
    return {
      type: (bytes) => {
        if (this.#hasEnded) return
        if (viewer.size) this.#resize(viewer, viewer.size)
        if (!this.#shell.stream.write(bytes)) this.#holdInput(true)
        this.#deps.onTyped()
      },
      resize: (size) => {
        if (!isTerminalSize(size)) return false
        viewer.size = size
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

  /** Ends the connections of viewers who may not view any more, and of those that are dead. */
  async check(now: number, checkMs: number): Promise<void> {
    for (const viewer of this.#viewers) {
      if (now - viewer.pingedAt >= PING_MS) {
        viewer.pingedAt = now
        viewer.connection.ping()
      }
      if (now - viewer.checkedAt < checkMs) continue
      viewer.checkedAt = now
      if (await viewer.access.isStillAllowed()) continue
      viewer.connection.close('signed_out', 'the token or session of this terminal is not valid any more')
      this.#left(viewer)
    }
    this.#pace()
  }

  /** Whether there has been no viewer for too long. */
  isIdle(now: number): boolean {
    return this.#viewers.size === 0 && now - this.#aloneSince >= IDLE_MS
  }

  /** Tells the viewers why, and closes everything. */
  end(ending: TerminalEnding): void {
    this.#close((viewer) => {
      viewer.connection.send({ type: 'ended', ...ending })
      const isReplaced = ending.why === 'replaced' || ending.why === 'reset'
      viewer.connection.close(isReplaced ? 'replaced' : 'over', ending.reason)
    })
  }

  /** The manager stops. A persistent shell goes on. */
  detach(): void {
    this.#close((viewer) => viewer.connection.close('restarting', 'the manager restarts'))
  }

  #close(tell: (viewer: Viewer) => void): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const viewer of this.#viewers) tell(viewer)
    this.#viewers.clear()
    this.#shell.close()
  }

  #printed(chunk: Buffer): void {
    this.#ring.append(chunk)
    const now = this.#deps.clock()
    for (const viewer of this.#viewers) viewer.pump(this.#size, now)
    this.#pace()
  }

  /** The shell waits while no viewer can take more, so that the fastest viewer misses nothing. */
  #pace(): void {
    const now = this.#deps.clock()
    const attentive = [...this.#viewers].filter((viewer) => !viewer.isStalled(now))
    const { stream } = this.#shell
    if (attentive.length > 0 && attentive.every((viewer) => viewer.isFull(now))) stream.pause()
    else if (!this.#hasEnded) stream.resume()
  }

  #resize(by: Viewer, size: TerminalSize): void {
    if (this.#hasEnded || (size.cols === this.#size.cols && size.rows === this.#size.rows)) return
    this.#size = size
    // A shell that has ended, or an engine that is away, shows in other ways.
    this.#shell.resize(size).catch(() => undefined)
    for (const viewer of this.#viewers) if (viewer !== by) viewer.connection.send({ type: 'size', ...size })
  }

  #holdInput(held: boolean): void {
    for (const viewer of this.#viewers) viewer.connection.hold(held)
  }

  #left(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return
    if (this.#viewers.size === 0) this.#aloneSince = this.#deps.clock()
    this.#pace()
  }
}
