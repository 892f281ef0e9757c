/** The connection of a terminal to its shell. Reconnects after network loss and restarts of the manager. */
import { Acknowledgements } from './acknowledgements.ts'
import { advance, FIRST, isOver, type LinkEvent, type LinkState } from './machine.ts'
import { inputMessages, type NoteKind, PROTOCOL, parseMessage } from './messages.ts'
import { joined, SeenOutput } from './overlap.ts'

/** Timeout of an attempt to connect. Later answers are ignored. */
const CONNECT_TIMEOUT_MS = 15_000

type Bytes = Uint8Array<ArrayBuffer>

interface Size {
  readonly cols: number
  readonly rows: number
}

/** What the connection needs from the API. All methods throw `ApiError` or `Unreachable`. */
interface TerminalApi {
  create(container: string, size: Size): Promise<{ id: string; ticket: string }>
  ticket(terminal: string): Promise<string>
}

/** What the connection needs from the screen. */
export interface TerminalScreen {
  readonly size: Size
  /** Whether the window has the focus: then the size of this screen applies to all viewers. */
  readonly leads: boolean
  write(output: Bytes, done: () => void): void
  /** Shows old output. Answers to questions in it are not sent: they were sent when it was new. */
  replay(output: Bytes): void
  /** Shows a dim line about the connection. */
  note(kind: NoteKind, lostAt: number): void
  /** Moves the text on the screen to the scrollback. */
  scrollAway(): void
  clear(): void
  /** Adopts the size of another viewer. */
  adopt(size: Size): void
}

export interface LinkOptions {
  readonly api: TerminalApi
  readonly screen: TerminalScreen
  /** Origin of the page: that of the manager. */
  readonly origin: string
  readonly container: string
  /** Id of a shell to attach to; null: a new one. */
  readonly terminal: string | null
  /** Called with the id of a new shell. */
  readonly onShell: (terminal: string) => void
  /** Returns status and message of a refusal; null if the manager was not reached. */
  readonly refusalOf: (error: unknown) => { status: number; message: string } | null
}

export class TerminalLink {
  state: LinkState = FIRST
  readonly #options: LinkOptions
  readonly #listeners = new Set<() => void>()
  readonly #seen = new SeenOutput()
  #terminal: string | null
  #socket: WebSocket | null = null
  #acks = new Acknowledgements()
  #timer: ReturnType<typeof setTimeout> | undefined
  #replayLeft = 0
  #replayed: Bytes[] = []
  #onReplayed: (replay: Bytes) => void = () => undefined
  #closed = false
  #attempt = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#terminal = options.terminal
  }

  start(): void {
    void this.#connect()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Sends input, and returns whether there was a connection to send it on. */
  send(input: Bytes): boolean {
    if (this.state.kind !== 'attached' || this.#socket?.readyState !== WebSocket.OPEN) return false
    for (const message of inputMessages(input)) this.#socket.send(message)
    return true
  }

  resize(size: Size): void {
    if (this.state.kind === 'attached') this.#say({ type: 'resize', cols: size.cols, rows: size.rows })
  }

  /** Ends a pause between attempts, for example after sleep or when the network is back. */
  hurry(): void {
    if (this.state.kind === 'waiting') this.#take({ type: 'retry' })
  }

  /** Replaces a connection that may be dead unnoticed, as after sleep. */
  check(): void {
    if (this.state.kind === 'attached') this.#drop(1006, '')
    this.hurry()
  }

  /** Opens another shell in the same container. */
  renew(): void {
    this.#terminal = null
    this.#leave()
    this.#seen.forget()
    this.#options.screen.clear()
    this.#take({ type: 'renew' })
  }

  /** Closes the connection. The shell keeps running. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#listeners.clear()
    this.#leave()
  }

  async #connect(): Promise<void> {
    const of = this.#terminal === null ? 'shell' : 'ticket'
    const attempt = ++this.#attempt
    const isCurrent = () => !this.#closed && attempt === this.#attempt
    this.#timer = setTimeout(() => isCurrent() && this.#drop(1006, ''), CONNECT_TIMEOUT_MS)
    try {
      const { terminal, ticket } = await this.#admission()
      if (isCurrent()) this.#open(terminal, ticket)
    } catch (error) {
      if (!isCurrent()) return
      const refusal = this.#options.refusalOf(error)
      const now = Date.now()
      if (refusal) this.#take({ type: 'refused', of, ...refusal, now })
      else this.#take({ type: 'unreachable', message: 'The manager does not answer.', now })
    }
  }

  async #admission(): Promise<{ terminal: string; ticket: string }> {
    const { api, container, screen, onShell } = this.#options
    if (this.#terminal !== null) return { terminal: this.#terminal, ticket: await api.ticket(this.#terminal) }
    const { id, ticket } = await api.create(container, screen.size)
    this.#terminal = id
    if (!this.#closed) onShell(id)
    return { terminal: id, ticket }
  }

  #open(terminal: string, ticket: string): void {
    const url = new URL(`/v1/terminals/${encodeURIComponent(terminal)}`, this.#options.origin)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, [PROTOCOL, `ticket.${ticket}`])
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket !== socket) return
      if (typeof data === 'string') this.#takeText(data)
      else this.#takeOutput(new Uint8Array(data))
    })
    socket.addEventListener('close', ({ code, reason }) => this.#socket === socket && this.#drop(code, reason))
  }

  #takeText(text: string): void {
    const message = parseMessage(text)
    if (message?.type === 'ended') this.#take(message)
    if (message?.type === 'size') this.#options.screen.adopt(message)
    if (message?.type === 'attached') {
      // Also while connected: a viewer that was too slow gets all kept output again.
      this.#acks = new Acknowledgements()
      this.#replayLeft = message.replayed
      this.#replayed = []
      const { state } = this
      const lostAt = 'lostAt' in state ? state.lostAt : null
      this.#onReplayed = (replay) => this.#attach({ ...message, lostAt, replay })
      if (this.#replayLeft === 0) this.#onReplayed(new Uint8Array(0))
    }
  }

  #takeOutput(output: Bytes): void {
    if (this.#replayLeft > 0) {
      this.#replayLeft -= output.length
      this.#replayed.push(output)
      if (this.#replayLeft <= 0) this.#onReplayed(joined(this.#replayed))
      return
    }
    this.#seen.add(output)
    const acks = this.#acks
    acks.received(output.length)
    this.#options.screen.write(output, () => {
      const bytes = acks.shown(output.length)
      if (bytes !== null && acks === this.#acks) this.#say({ type: 'ack', bytes })
    })
  }

  /** Shows missed output, and settles the size: that of the screen with the focus applies. */
  #attach(attached: Size & { lost: boolean; lostAt: number | null; replay: Bytes }): void {
    const { screen } = this.#options
    const { lostAt, replay, cols, rows } = attached
    const hadText = !this.#seen.isEmpty
    const unseen = this.#seen.unseenOf(replay)
    // The manager reports a lost shell at every connection for a while. A viewer that has text of the new shell knows.
    const lost = attached.lost && (unseen === null || !hadText)
    if (lost || unseen === null) this.#seen.forget()
    if (lost) screen.note('lost', lostAt ?? Date.now())
    else if (hadText && lostAt !== null) screen.note(unseen === null ? 'gap' : 'reconnected', lostAt)
    // After a restart the manager has the shell, but not its old text. The shell clears the screen to draw its line:
    // the old text is kept above.
    if (unseen === null && hadText && !lost) screen.scrollAway()
    const news = unseen ?? replay
    this.#seen.add(news)
    screen.replay(news)
    const mine = screen.size
    this.#take({ type: 'attached' })
    if (mine.cols === cols && mine.rows === rows) return
    if (screen.leads) this.resize(mine)
    else screen.adopt({ cols, rows })
  }

  #drop(code: number, reason: string): void {
    const socket = this.#socket
    this.#socket = null
    this.#attempt++
    socket?.close()
    this.#take({ type: 'closed', code, reason, now: Date.now() })
  }

  /** Closes the connection. Messages that still arrive on it are ignored. */
  #leave(): void {
    this.#socket?.close(1000)
    this.#socket = null
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #take(event: LinkEvent): void {
    const before = this.state
    this.state = advance(before, event, Math.random())
    if (this.state === before) return
    clearTimeout(this.#timer)
    if (this.state.kind === 'waiting') this.#timer = setTimeout(() => this.#take({ type: 'retry' }), this.state.pauseMs)
    if (this.state.kind === 'connecting') void this.#connect()
    if (isOver(this.state)) this.#leave()
    for (const listener of this.#listeners) listener()
  }
}
