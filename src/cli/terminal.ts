/** What is written, and how: tables and colours for people, JSON for programs. */
import { styleText } from 'node:util'
import type { Output } from './output.ts'
import { type Progress, startProgress } from './progress.ts'

export type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan'

interface TerminalOptions {
  readonly stdout: Output
  readonly stderr: Output
  readonly plain: boolean
}

export class Terminal {
  readonly #stdout: Output
  readonly #stderr: Output
  readonly #colours: boolean
  readonly #moves: boolean

  constructor({ stdout, stderr, plain }: TerminalOptions) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.#colours = stdout.isTTY === true && !plain
    this.#moves = stderr.isTTY === true && !plain
  }

  /** Columns of a terminal; nothing is cut when it is none. */
  get width(): number {
    return this.#stdout.isTTY === true ? this.#stdout.columns || 80 : Number.POSITIVE_INFINITY
  }

  /** The answer: a line on stdout. */
  say(line: string): void {
    this.#stdout.write(`${harmless(line).replaceAll('\n', '?')}\n`)
  }

  raw(text: string): void {
    this.#stdout.write(text)
  }

  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** A remark beside the answer: a line on stderr. */
  note(line: string): void {
    this.#stderr.write(`${harmless(line)}\n`)
  }

  paint(colour: Colour | readonly Colour[], text: string): string {
    return this.#colours ? styleText([colour].flat(), text, { validateStream: false }) : text
  }

  /** Tells on stderr what is waited for; on a terminal a line that moves. */
  progress(): Progress {
    return startProgress(this.#stderr, this.#moves)
  }
}

/** What the command itself never says: all that a terminal obeys but our own line breaks and colours. */
export function harmless(text: string): string {
  return text.replaceAll(/\p{Cc}(?:\[\d{1,2}m)?|\p{Bidi_Control}/gu, (found) => {
    const ours = found === '\n' || found === '\t' || (found.startsWith('\u001b') && found.length > 1)
    return ours ? found : `?${found.slice(1)}`
  })
}

/** Text of somebody else's, made safe to show: what it can do to a terminal stays out. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
}
