/** Programs of tenants that outlive their sessions, and report ten times per second that they live. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after } from 'node:test'
import { eventually } from '../../../lab/eventually.ts'
import type { Cluster } from '../../../lab/kubernetes/cluster.ts'
import { uniqueName } from './bed.ts'

/** A server to which these programs report. Pods must be able to reach it, e.g. with `reach: all`. */
export class Heartbeats {
  readonly #address: string
  readonly #port: number
  readonly #heardAt: ReadonlyMap<string, number>

  private constructor({ address, port }: AddressInfo, heardAt: ReadonlyMap<string, number>) {
    this.#address = address
    this.#port = port
    this.#heardAt = heardAt
  }

  /** Call it at the top of a test file: the server is closed after the tests of the file. */
  static async listen({ machine }: Cluster): Promise<Heartbeats> {
    const heardAt = new Map<string, number>()
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.setEncoding('utf8').on('data', (text: string) => {
        for (const name of text.split('\n')) if (name !== '') heardAt.set(name, performance.now())
      })
    }).listen(0, machine)
    server.unref()
    await once(server, 'listening')
    after(() => server.close())
    return new Heartbeats(server.address() as AddressInfo, heardAt)
  }

  /**
   * Returns the name of a new program, which its command line contains, and the command that starts it. The program is
   * detached, and ignores all signals that can be ignored. `prefix` is e.g. "sudo".
   */
  program(prefix = ''): { readonly name: string; readonly command: string } {
    const name = uniqueName('heart')
    const beat = `{ while echo ${name} >&3; do sleep 0.1; done; } 3<>/dev/tcp/${this.#address}/${this.#port}`
    const script = `trap "" HUP INT QUIT PIPE TERM; while :; do ${beat}; sleep 0.1; done`
    return { name, command: `${prefix} setsid -f bash -c '${script}' </dev/null >/dev/null 2>&1` }
  }

  /** Resolves when all of these programs have reported. */
  async untilHeard(names: readonly string[]): Promise<void> {
    await eventually(async () => names.every((name) => this.#heardAt.has(name)))
  }

  /** Returns when the last report of these programs arrived, on the clock of `performance.now()`. */
  lastOf(names: readonly string[]): number {
    return Math.max(...names.map((name) => this.#heardAt.get(name) ?? 0))
  }
}
