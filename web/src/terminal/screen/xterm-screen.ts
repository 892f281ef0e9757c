/** The screen of one terminal. */
import type { FitAddon } from '@xterm/addon-fit'
import type { SearchAddon } from '@xterm/addon-search'
import type { IDisposable, Terminal } from '@xterm/xterm'
import type { TerminalScreen } from '../connection/link.ts'
import type { NoteKind } from '../connection/messages.ts'
import { textToCopy } from './clipboard-request.ts'
import { actionOf, type KeyAction } from './key-rules.ts'
import { type LinkEvents, lookOptions, newXterm, type ScreenLook } from './new-xterm.ts'
import { closingLine, insertedLine, scrolledAway } from './note-line.ts'
import { withStyleNonce } from './style-nonce.ts'

const ESC = 0x1b

export interface ScreenEvents extends LinkEvents {
  /** `isResponse`: the terminal answers a query of a program, so the input was not typed. */
  readonly onInput: (input: Uint8Array<ArrayBuffer>, isResponse: boolean) => void
  /** A key that the frame takes. */
  readonly onAction: (action: Exclude<KeyAction, 'shell' | 'browser'>) => void
  /** A program wants to put text in the clipboard. */
  readonly onCopyRequest: (text: string) => void
  /** Words for a line of the page's own. */
  readonly noteText: (kind: NoteKind, lostAt: number) => string
}

export class XtermScreen implements TerminalScreen {
  readonly terminal: Terminal
  readonly #search: SearchAddon
  readonly #fit: FitAddon
  readonly #events: ScreenEvents
  readonly #host: HTMLElement
  readonly #parts: IDisposable[] = []
  /** Writes that are under way, and those of old output among them. */
  #writing = 0
  #replaying = 0
  /** Pixels of a swipe that do not fill a whole row yet. */
  #scrolled = 0
  /** When the latest input or output was, epoch milliseconds. */
  activeAt = 0
  /** Whether it has the size of another viewer. */
  isBorrowed = false

  constructor(host: HTMLElement, look: ScreenLook, nonce: string, events: ScreenEvents) {
    this.#events = events
    this.#host = host
    const { terminal, fit, search } = newXterm(look, getComputedStyle(host).fontFamily, events)
    this.terminal = terminal
    this.#fit = fit
    this.#search = search
    terminal.attachCustomKeyEventHandler((event) => this.#takeKey(event))
    terminal.parser.registerOscHandler(52, (data) => {
      const text = this.#replaying > 0 ? null : textToCopy(data)
      if (text !== null) events.onCopyRequest(text)
      return true
    })
    this.#parts.push(
      terminal.onData((data) => this.#send(new TextEncoder().encode(data))),
      terminal.onBinary((data) => this.#send(Uint8Array.from(data, (char) => char.charCodeAt(0)))),
    )
    withStyleNonce(nonce, () => terminal.open(host))
    // Touch screens have a line to type into; the keyboard on the screen deletes text of xterm's own field.
    if (matchMedia('(pointer: coarse)').matches) terminal.textarea?.setAttribute('inputmode', 'none')
    this.fit()
  }

  get size(): { cols: number; rows: number } {
    return this.#room() ?? { cols: this.terminal.cols, rows: this.terminal.rows }
  }

  get leads(): boolean {
    return document.hasFocus() && this.#host.checkVisibility()
  }

  /** Whether a program uses the whole screen, such as an editor. */
  get isFullScreen(): boolean {
    return this.terminal.buffer.active.type === 'alternate'
  }

  setLook(look: ScreenLook): void {
    this.terminal.options = lookOptions(look)
  }

  setReadOnly(on: boolean): void {
    this.terminal.options.disableStdin = on
  }

  /** Takes the size of the place where it is shown. Does nothing while it is hidden. */
  fit(): { cols: number; rows: number } | null {
    const size = this.#room()
    if (!size) return null
    this.#take(size)
    this.isBorrowed = false
    return size
  }

  adopt(size: { cols: number; rows: number }): void {
    this.#take(size)
    this.isBorrowed = true
  }

  #take({ cols, rows }: { cols: number; rows: number }): void {
    if (cols !== this.terminal.cols || rows !== this.terminal.rows) this.terminal.resize(cols, rows)
  }

  write(output: Uint8Array, done: () => void): void {
    this.activeAt = Date.now()
    this.#writing++
    this.terminal.write(output, () => {
      this.#writing--
      done()
    })
  }

  replay(output: Uint8Array): void {
    this.#replaying++
    this.terminal.write(output, () => this.#replaying--)
  }

  scrollAway(): void {
    const lastRow = this.#lastRow()
    // One more for a note that is being written.
    if (lastRow !== null)
      this.terminal.write(scrolledAway(Math.min(lastRow + 2, this.terminal.rows), this.terminal.rows))
  }

  note(kind: NoteKind, lostAt: number): void {
    const text = this.#events.noteText(kind, lostAt)
    if (kind === 'lost') this.#close(text)
    // Where the cursor will be is not known before everything is written.
    else if (this.#writing === 0) this.#insert(text)
  }

  /** Says below the last output that the shell has ended, and why. */
  end(text: string): void {
    this.#close(text)
    const hideCursor = '\u001b[?25l'
    this.terminal.write('', () => this.terminal.write(hideCursor))
  }

  clear(): void {
    this.terminal.reset()
  }

  /** Sends text as if it was typed. */
  type(text: string): void {
    this.terminal.input(text, true)
  }

  /** Scrolls the text up by some pixels. Programs that use the whole screen get arrow keys, as from a wheel. */
  scroll(pixels: number): void {
    const { terminal } = this
    const height = (terminal.element?.querySelector('.xterm-screen')?.clientHeight ?? 0) / terminal.rows
    this.#scrolled += pixels
    const rows = Math.trunc(this.#scrolled / (height || 1))
    if (rows === 0) return
    this.#scrolled -= rows * height
    if (!this.isFullScreen) terminal.scrollLines(rows)
    else
      this.type(
        `\u001b${terminal.modes.applicationCursorKeysMode ? 'O' : '['}${rows > 0 ? 'B' : 'A'}`.repeat(Math.abs(rows)),
      )
  }

  /** Returns the text on the screen, without empty lines at its end. */
  get visibleText(): string {
    const { active } = this.terminal.buffer
    const rows = Array.from({ length: this.terminal.rows }, (_, row) => active.getLine(active.viewportY + row))
    return rows
      .map((line) => line?.translateToString(true) ?? '')
      .join('\n')
      .trimEnd()
  }

  find(text: string, backwards: boolean): boolean {
    return backwards ? this.#search.findPrevious(text) : this.#search.findNext(text, { incremental: false })
  }

  endSearch(): void {
    this.#search.clearDecorations()
    this.terminal.clearSelection()
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose()
    this.terminal.dispose()
  }

  #send(input: Uint8Array<ArrayBuffer>): void {
    if (this.#replaying > 0) return
    this.activeAt = Date.now()
    // xterm answers a query while it parses the output. An arrow key that is pressed meanwhile counts as a response.
    this.#events.onInput(input, this.#writing > 0 && input[0] === ESC)
  }

  /** xterm asks about each key first. Returns whether the key is typed. */
  #takeKey(event: KeyboardEvent): boolean {
    const action = actionOf(event, this.terminal.hasSelection())
    if (action === 'shell') return true
    if (action === 'browser') return false
    event.preventDefault()
    if (event.type === 'keydown') this.#events.onAction(action)
    return false
  }

  #close(text: string): void {
    this.terminal.write('', () => this.terminal.write(closingLine(text, this.#lastRow())))
  }

  /** Returns the size for the place where it is shown; null while it is hidden. */
  #room(): { cols: number; rows: number } | null {
    const size = this.#host.checkVisibility() ? this.#fit.proposeDimensions() : undefined
    return size && Number.isFinite(size.cols) && Number.isFinite(size.rows) ? size : null
  }

  /** Returns the last row with text on the screen; null while a program uses the whole screen. */
  #lastRow(): number | null {
    if (this.isFullScreen) return null
    const { active } = this.terminal.buffer
    let row = this.terminal.rows - 1
    while (row > active.cursorY && !active.getLine(active.baseY + row)?.translateToString(true)) row--
    return row
  }

  #insert(text: string): void {
    const { cols, rows, buffer, modes } = this.terminal
    const active = buffer.active
    // Programs that use the whole screen draw it again; a line between theirs would only be in their way.
    if (active.type === 'alternate' || modes.originMode) return
    let start = active.cursorY
    while (start > 0 && active.getLine(active.baseY + start)?.isWrapped) start--
    this.terminal.write(insertedLine(text, { x: active.cursorX, y: active.cursorY, lineStart: start, cols, rows }))
  }
}
