/** A viewer of a terminal, over a real WebSocket. */
import { WebSocket } from 'ws'
import { eventually } from '../../../lab/eventually.ts'

export interface ViewerOptions {
  /** "http://127.0.0.1:8080" */
  readonly address: string
  readonly id: string
  readonly ticket: string
  /** The address by default, as from a page of the manager. */
  readonly headers?: Readonly<Record<string, string>>
  /** Certificate of the authority of an https address. */
  readonly ca?: Buffer
  /** Whether output is acknowledged as it comes; true by default. */
  readonly acknowledges?: boolean
}

type Message = Readonly<Record<string, unknown>>

export class TerminalViewer {
  readonly socket: WebSocket
  /** Texts of the manager, parsed. */
  readonly messages: Message[] = []
  /** The latest output. */
  text = ''
  /** Number of bytes of output, and of those that were not replayed. */
  bytes = 0
  fresh = 0
  /** Resolves when the connection is closed. */
  readonly closed: Promise<{ code: number; reason: string; at: number }>
  readonly #options: ViewerOptions
  readonly #attached = Promise.withResolvers<void>()
  /** Bytes of the replay that are still to come. */
  #toReplay = 0

  constructor(options: ViewerOptions) {
    const { address, id, ticket, ca, headers = { origin: address } } = options
    this.#options = options
    const url = `${address.replace('http', 'ws')}/v1/terminals/${id}`
    this.socket = new WebSocket(url, ['berth.v1', `ticket.${ticket}`], { headers, ...(ca && { ca }) })
    // A refusal is in `refusal`, other errors are in `closed`.
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data: Buffer, isBinary) => this.#received(data, isBinary))
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString(), at: performance.now() })
      })
    })
  }

  /** Resolves with the first message; rejects with the status of a refusal. */
  async attached(): Promise<Message> {
    const refused = new Promise<never>((_, reject) => {
      this.socket.once('unexpected-response', (_request, { statusCode }) => {
        this.socket.terminate()
        reject(Object.assign(new Error(`refused with ${statusCode}`), { status: statusCode }))
      })
    })
    await Promise.race([refused, this.closed, this.#attached.promise])
    return this.messages[0] ?? {}
  }

  /** Resolves when a message of this type has come. */
  async saw(type: string): Promise<Message> {
    await eventually(async () => this.messages.some((message) => message['type'] === type))
    return this.messages.findLast((message) => message['type'] === type) ?? {}
  }

  send(message: Message): void {
    this.socket.send(JSON.stringify(message))
  }

  type(text: string): void {
    this.socket.send(Buffer.from(text), { binary: true })
  }

  /** Types a line, and waits until the output since then matches. */
  async run(line: string, expected: RegExp): Promise<void> {
    this.text = ''
    this.type(`${line}\r`)
    await this.prints(expected)
  }

  async prints(expected: RegExp): Promise<void> {
    await eventually(async () => expected.test(this.text)).catch(() => {
      throw new Error(`${expected} is not in ${JSON.stringify(this.text.slice(-500))}`)
    })
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      const message: Message = JSON.parse(data.toString())
      this.messages.push(message)
      if (message['type'] !== 'attached') return
      this.#toReplay = Number(message['replayed'])
      this.fresh = 0
      this.#attached.resolve()
      return
    }
    this.text = (this.text + data.toString()).slice(-300_000)
    this.bytes += data.length
    const old = Math.min(this.#toReplay, data.length)
    this.#toReplay -= old
    this.fresh += data.length - old
    if (this.#options.acknowledges !== false && this.fresh > 0) this.send({ type: 'ack', bytes: this.fresh })
  }
}
