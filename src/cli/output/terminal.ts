/** Writes tables and colours for people, JSON for programs. Text of another party is made safe first. */
import { randomUUID } from 'node:crypto'
import { forJson, forTerminal, linesForTerminal } from '../../domain/text/foreign-text.ts'
import { type Progress, startProgress } from './progress.ts'
import { type Column, tableLines } from './table.ts'

export type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

/** SGR codes (ECMA-48) that switch a colour on and off. */
const CODES: Readonly<Record<Colour, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  /** No colours and no line that is redrawn, also on a terminal. */
  readonly plain: boolean
}

/**
 * Frames the colours of `paint` until they are written. Foreign text cannot contain it, so it cannot contain a
 * colour.
 */
const MARK = `\u0000${randomUUID()}:`
const MARKED = new RegExp(`${MARK}(\\d+)\u0000`)
const ESC = '\u001b'
const TABS_AND_COLOURS = new RegExp(`(\t|${ESC}\\[[\\d;]{0,20}m)`)

export class Terminal {
  readonly #stdout: NodeJS.WriteStream
  readonly #stderr: NodeJS.WriteStream
  readonly #hasColours: boolean
  readonly #redraws: boolean

  constructor({ stdout, stderr, plain }: TerminalOptions) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#hasColours = stdout.isTTY && !plain
    this.#redraws = stderr.isTTY && !plain
  }

  /** Columns of the terminal. Other outputs have no limit. */
  get #width(): number {
    return this.#stdout.isTTY ? this.#stdout.columns || 80 : Number.POSITIVE_INFINITY
  }

  /** Whether progress is shown as a line that is redrawn, because stderr is a terminal. */
  get isRedrawn(): boolean {
    return this.#redraws
  }

  /** Writes a line of the answer to stdout. */
  say(line: string): void {
    this.#stdout.write(`${shown(line)}\n`)
  }

  /** Writes rows to stdout. Their last column is cut at the edge of a terminal, unless lines are to be copied. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { cut = true } = {}): void {
    const width = cut ? this.#width : Number.POSITIVE_INFINITY
    for (const line of tableLines(columns, rows, { width, paintTitle: (text) => this.paint('dim', text) })) {
      this.say(line)
    }
  }

  /** Writes a line for each label that has a value, to stdout. */
  fields(fields: readonly (readonly [label: string, value: string | null])[], labelWidth: number): void {
    for (const [label, value] of fields) {
      if (value) this.say(`${this.paint('dim', label.padEnd(labelWidth))}${value}`)
    }
  }

  /** Writes several lines of the manager, such as CSV, to stdout. */
  lines(text: string): void {
    this.#stdout.write(linesForTerminal(text))
  }

  json(value: unknown): void {
    this.#stdout.write(`${forJson(value, 2)}\n`)
  }

  /** Writes a value as one line. */
  jsonLine(value: unknown): void {
    this.#stdout.write(`${forJson(value)}\n`)
  }

  /** Writes a line beside the answer, to stderr. */
  note(line: string): void {
    this.#stderr.write(`${shown(line)}\n`)
  }

  /** Writes a line of a command in a container, with a prefix. Its colours stay. */
  copy(stream: 'stdout' | 'stderr', prefix: string, line: string): void {
    const output = stream === 'stdout' ? this.#stdout : this.#stderr
    output.write(`${forTerminal(prefix)}${withColours(line)}\n`)
  }

  paint(colour: Colour | readonly Colour[], text: string): string {
    if (!this.#hasColours) return text
    const codes = [colour].flat().map((each) => CODES[each])
    const mark = (code: number) => `${MARK}${code}\u0000`
    return `${codes.map(([on]) => mark(on)).join('')}${text}${codes.map(([, off]) => mark(off)).join('')}`
  }

  /** Shows on stderr what the command waits for. */
  progress(): Progress {
    return startProgress(this.#stderr, this.#redraws)
  }
}

/** Makes foreign text safe, and marks of `paint` into colours. */
function shown(line: string): string {
  return safeExcept(MARKED, line, (code) => `${ESC}[${code}m`)
}

/** Makes text safe, except for tabs and colours. */
function withColours(line: string): string {
  return safeExcept(TABS_AND_COLOURS, line, (kept) => kept)
}

/** Makes text safe, except for what the group of `pattern` matches. */
function safeExcept(pattern: RegExp, line: string, replace: (kept: string) => string): string {
  return line
    .split(pattern)
    .map((part, index) => (index % 2 === 1 ? replace(part) : forTerminal(part)))
    .join('')
}
