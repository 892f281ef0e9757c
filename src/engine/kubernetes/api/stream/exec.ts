/** Runs commands in containers. */
import { BerthError } from '../../../../domain/errors.ts'
import type { ExecRequest, ExecResult } from '../../../../ports/engine.ts'
import { MAX_OUTPUT_BYTES } from '../../../bounded-requests.ts'
import type { Connection } from '../connection.ts'
import { asGuestError } from '../errors.ts'
import { CHANNEL, Channels, pathOf, type Target } from './channels.ts'
import { exitCodeOf, readStatus } from './exit-code.ts'

const CHUNK_BYTES = 32 * 1024

/**
 * Ends stdin by its length, because v4 cannot end it: the first line says how many bytes follow. The shell reads this
 * line byte by byte, so nothing else is lost. The exit code is that of the command.
 */
const COUNTED_STDIN = 'IFS= read -r length && head -c "$length" | "$@"'

/**
 * Runs a command. Throws `guest_failed` when the container is not running or goes away, when the command cannot be
 * started, and when it writes more than `MAX_OUTPUT_BYTES`. Nothing can end a command: after the signal it goes on.
 */
export async function execute(
  connection: Connection,
  target: Target,
  { command, stdin }: Pick<ExecRequest, 'command' | 'stdin'>,
  signal: AbortSignal,
): Promise<ExecResult> {
  const query = {
    container: target.container,
    command: stdin === undefined ? command : ['/bin/sh', '-c', COUNTED_STDIN, 'sh', ...command],
    stdin: stdin !== undefined,
    stdout: true,
    stderr: true,
  }
  const outputs = new Outputs()
  const opened = Channels.open(connection, pathOf(target, 'exec'), query, outputs, signal)
  const channels = await opened.catch((error: unknown) => {
    throw asGuestError(error)
  })
  const abort = () => channels.terminate()
  signal.addEventListener('abort', abort, { once: true })
  try {
    if (stdin !== undefined) sendCounted(channels, stdin)
    return await outputs.result
  } finally {
    signal.removeEventListener('abort', abort)
    channels.terminate()
  }
}

function sendCounted(channels: Channels, stdin: string): void {
  const content = Buffer.from(stdin)
  const all = Buffer.concat([Buffer.from(`${content.length}\n`), content])
  for (let start = 0; start < all.length; start += CHUNK_BYTES) {
    channels.send(CHANNEL.stdin, all.subarray(start, start + CHUNK_BYTES))
  }
}

class Outputs {
  readonly result: Promise<ExecResult>
  readonly #kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  readonly #room = { stdout: MAX_OUTPUT_BYTES, stderr: MAX_OUTPUT_BYTES }
  readonly #resolve: (result: ExecResult) => void
  readonly #reject: (error: Error) => void

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<ExecResult>()
    this.result = promise
    // Rejected before anything waits for it, if the connection cannot be opened.
    promise.catch(() => undefined)
    this.#resolve = resolve
    this.#reject = reject
  }

  onMessage(channel: number, bytes: Buffer): void {
    if (channel === CHANNEL.stdout) this.#keep('stdout', bytes)
    else if (channel === CHANNEL.stderr) this.#keep('stderr', bytes)
    else if (channel === CHANNEL.status) this.#end(bytes)
  }

  onClose(error: Error | null): void {
    this.#reject(error ?? new BerthError('guest_failed', 'the command ended without an exit code'))
  }

  #keep(output: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#room[output] -= bytes.length
    if (this.#room[output] >= 0) this.#kept[output].push(bytes)
    else this.#reject(new BerthError('guest_failed', `the command wrote more than ${MAX_OUTPUT_BYTES / 1024} KiB`))
  }

  /** The status is the last message. */
  #end(bytes: Buffer): void {
    const status = readStatus(bytes)
    const code = exitCodeOf(status)
    const { stdout, stderr } = this.#kept
    if (typeof code === 'number') this.#resolve({ code, stdout: text(stdout), stderr: text(stderr) })
    else this.#reject(new BerthError('guest_failed', status?.message ?? 'the command ended without an exit code'))
  }
}

function text(chunks: Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
