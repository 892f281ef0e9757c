/**
 * The other side of `images/listen`: a shell that waits on the stdin of a container which nobody has. A command costs it a
 * tenth of what Docker takes for an exec, and no preparation: whoever manages the container next finds it waiting.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type Docker from 'dockerode'
import type { BashResult } from '../../core/ports.ts'
import { Demultiplexer, OUTPUT_LIMIT } from './demux.ts'
import { accept, blamingGuest } from './errors.ts'

/** On images of which the entrypoint starts `images/listen`; its value is the version of what they say to each other. */
const LABEL = 'berth.listens'
const VERSION = '1'
/**
 * Hearing takes two milliseconds where the host is not busy, and longer where many are asked at once. After the first of
 * these times, also in milliseconds, the container is looked at: it may be down. After the second, nobody is there.
 */
const USUAL_MS = 1_000
const HEARING_MS = 5_000

/** By the labels of a container, which include those of its image. */
export function isListening(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[LABEL] === VERSION
}

/** null when nobody has heard it; whoever hears it later is to be sent away. `guest_failed` when the container is not running. */
export async function ask(
  container: Docker.Container,
  { program, last }: { readonly program: string; readonly last: boolean },
  signal: AbortSignal,
): Promise<BashResult | null> {
  const id = randomBytes(8).toString('hex')
  const options = { stream: true, stdin: true, stdout: true, hijack: true, abortSignal: signal }
  const conversation = new Conversation((await blamingGuest(() => container.attach(options))) as Duplex)
  try {
    signal.throwIfAborted()
    // The line feed ends what a manager that died in the middle of its own may have left there.
    conversation.say(`\nberth-run ${id} ${Buffer.byteLength(program)} ${last ? 'last' : 'more'}\n${program}`)
    const hears = (ms: number) =>
      conversation.find(new RegExp(`berth-begin ${id}\n`), AbortSignal.any([signal, AbortSignal.timeout(ms)]))
    const heard = (await hears(USUAL_MS)) ?? ((await isRunning(container, signal)) ? await hears(HEARING_MS) : null)
    signal.throwIfAborted()
    if (!heard) return null
    const end = await conversation.find(new RegExp(`berth-begin ${id}\n([^]*)\nberth-end ${id} (\\d+)\n`), signal)
    signal.throwIfAborted()
    const [, output = '', code] = end ?? []
    return { output, code: Number(code ?? 137) }
  } finally {
    conversation.close()
  }
}

async function isRunning(container: Docker.Container, signal: AbortSignal): Promise<boolean> {
  const info = await container.inspect({ abortSignal: signal }).catch(accept(404))
  return info?.State.Running === true
}

class Conversation {
  readonly #socket: Duplex
  readonly #said = new Demultiplexer(OUTPUT_LIMIT)
  readonly #over: Promise<void>
  #open = true

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#said.write(chunk))
    socket.once('error', () => socket.destroy())
    this.#over = new Promise((resolve) => {
      socket.once('close', resolve).once('end', resolve)
    })
    void this.#over.then(() => {
      this.#open = false
    })
  }

  say(text: string): void {
    this.#socket.write(text)
  }

  /** In what was said so far or will be; null when it was not, until the signal or until nothing more will be said. */
  async find(pattern: RegExp, signal: AbortSignal): Promise<RegExpExecArray | null> {
    for (;;) {
      const found = pattern.exec(this.#said.outputs().stdout)
      if (found || !this.#open || signal.aborted) return found
      await Promise.race([once(this.#socket, 'data', { signal }), this.#over]).catch(() => undefined)
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
