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
    this.#stdout.write(`${line}\n`)
  }

  raw(text: string): void {
    this.#stdout.write(text)
  }

  json(value: unknown): void {
    this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** A remark beside the answer: a line on stderr. */
  note(line: string): void {
    this.#stderr.write(`${line}\n`)
  }

  paint(colour: Colour | readonly Colour[], text: string): string {
    return this.#colours ? styleText([colour].flat(), text, { validateStream: false }) : text
  }

  /** Tells on stderr what is waited for; on a terminal a line that moves. */
  progress(): Progress {
    return startProgress(this.#stderr, this.#moves)
  }
}

/** Text of somebody else's, made safe to show: what it can do to a terminal stays out. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
}
