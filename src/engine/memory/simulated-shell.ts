/** A simulated shell for tests and demonstrations. It echoes input and has a few commands. */
import { Duplex } from 'node:stream'
import { BerthError } from '../../domain/errors.ts'
import { isUsername } from '../../domain/account.ts'
import type { TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Shell, ShellRequest } from '../../ports/shell.ts'

/** Name under which the manager starts login shells; they first print how they were started. */
const LOGIN = 'berth-terminal'
const ENDLESS = Buffer.from('y\r\n'.repeat(1_000))

/** Commands: `whoami`, `stty size`, `yes` until a key is pressed, `exit [CODE]`. */
export class SimulatedShell implements Shell {
  readonly stream: Duplex
  readonly ended: Promise<number | null>
  readonly #user: string
  #size: TerminalSize
  #line = ''
  #isEndless = false
  #code: number | null = null

  /** `engine_failed` for root. */
  constructor({ user, size, command }: ShellRequest) {
    if (user === 'root' || !isUsername(user))
      throw new BerthError('engine_failed', `a terminal runs as an account, got ${JSON.stringify(user)}`)
    this.#user = user
    this.#size = size
    this.stream = new Duplex({
      read: () => this.#more(),
      write: (chunk: Buffer, _, done) => {
        for (const key of chunk.toString('latin1')) this.#typed(key)
        done()
      },
    })
    this.stream.once('end', () => this.stream.destroy())
    this.ended = new Promise((resolve) => this.stream.once('close', () => resolve(this.#code)))
    if (command.includes(LOGIN)) this.#print(`${LOGIN} new plain\r\n`)
    this.#print('$ ')
  }

  async resize(size: TerminalSize): Promise<void> {
    this.#size = size
  }

  close(): void {
    this.stream.destroy()
  }

  /** Ends the shell, as `exit` or a kill of its container does. */
  end(code: number): void {
    if (this.#code !== null) return
    this.#code = code
    this.stream.push(null)
    this.stream.resume()
  }

  #typed(key: string): void {
    if (this.#isEndless) {
      this.#isEndless = false
      this.#print('$ ')
    } else if (key === '\r' || key === '\n') {
      const line = this.#line
      this.#line = ''
      this.#print('\r\n')
      this.#run(line.split(' '))
    } else {
      this.#line += key
      this.#print(key)
    }
  }

  #run([name = '', argument = '']: readonly string[]): void {
    if (name === 'exit') this.end(Number(argument))
    else if (name === 'yes') {
      this.#isEndless = true
      this.#more()
    } else this.#answer(name)
  }

  #answer(name: string): void {
    const answers: Readonly<Record<string, string>> = {
      '': '',
      whoami: `${this.#user}\r\n`,
      stty: `${this.#size.rows} ${this.#size.cols}\r\n`,
    }
    this.#print(`${answers[name] ?? `${name}: not found\r\n`}$ `)
  }

  /** Called when the reader takes more output. */
  #more(): void {
    if (this.#isEndless && this.#code === null) setImmediate(() => this.#isEndless && this.stream.push(ENDLESS))
  }

  #print(text: string): void {
    if (this.#code === null && !this.stream.destroyed) this.stream.push(Buffer.from(text, 'latin1'))
  }
}
