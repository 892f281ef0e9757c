/** Commands on terminals in containers: an exec with a TTY, whose socket carries input and output as they are. */
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { isUsername } from '../../../domain/account.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { TerminalSize } from '../../../domain/terminal/terminal.ts'
import type { Shell, ShellRequest } from '../../../ports/shell.ts'
import type { Docker } from './client.ts'
import { asGuestError, ignoreStatus, unexpectedResponse } from './errors.ts'
import { exitCode } from './exec.ts'
import type { Requests } from './requests.ts'

/** Deadline of a resize, and of a request for the exit code. */
const TIMEOUT_MS = 5_000
/** Docker refuses to resize a command that is still starting. */
const RESIZE_PAUSE_MS = 50

/**
 * Sets the size of the terminal before the command runs. Docker takes a size for a new exec only from version 23 on,
 * and resizing later would come after the first output.
 */
const SIZED = 'stty cols "$1" rows "$2" 2>/dev/null; shift 2; exec "$@"'

/** Opens shells on one Docker. `close` ends their connections. */
export class TerminalExecs {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #open = new Set<Duplex>()

  constructor(docker: Docker, requests: Requests) {
    this.#docker = docker
    this.#requests = requests
  }

  /** `id` is the full id of a container. */
  async start(id: string, { user, command, size, timeoutMs }: ShellRequest): Promise<Shell> {
    // Docker would also accept a number, or a user with a group.
    if (!isUsername(user) || user === 'root')
      throw new BerthError('engine_failed', `a terminal runs as an account, got ${JSON.stringify(user)}`)
    const what = `open a terminal in ${id.slice(0, 12)}`
    const { exec, stream } = await this.#requests.run(what, timeoutMs, (signal) =>
      asGuestError(() => begin(this.#docker, id, { user, command, size }, signal)),
    )
    this.#open.add(stream)
    const ended = new Promise<number | null>((resolve) => {
      const over = async () => {
        this.#open.delete(stream)
        resolve(stream.readableEnded ? await this.#codeOf(exec) : null)
      }
      stream.once('close', () => void over())
    })
    return {
      stream,
      ended,
      resize: (next) => this.#resize(exec, next),
      close: () => void stream.destroy(),
    }
  }

  close(): void {
    for (const stream of this.#open) stream.destroy()
  }

  async #resize(exec: string, { cols, rows }: TerminalSize): Promise<void> {
    await this.#requests.run('resize a terminal', TIMEOUT_MS, async (signal) => {
      const query = { h: String(rows), w: String(cols) }
      const attempt = async () => {
        await this.#docker.post(`/exec/${exec}/resize`, { query, signal })
        return true
      }
      for (let attempts = 1; ; attempts += 1) {
        // 404: it has ended. 409 and 500: it has ended, or has not started.
        if (await attempt().catch(ignoreStatus(404, 409, 500))) return
        if (attempts === 4) return
        await sleep(RESIZE_PAUSE_MS, undefined, { signal })
      }
    })
  }

  /** Returns the exit code; null if Docker does not report it. */
  async #codeOf(exec: string): Promise<number | null> {
    const asked = this.#requests.run('ask for an exit code', TIMEOUT_MS, (signal) =>
      exitCode(this.#docker, exec, signal),
    )
    return asked.catch(() => null)
  }
}

async function begin(
  docker: Docker,
  id: string,
  { user, command, size }: Omit<ShellRequest, 'timeoutMs'>,
  signal: AbortSignal,
): Promise<{ exec: string; stream: Duplex }> {
  const body = {
    User: user,
    Cmd: ['/bin/sh', '-c', SIZED, 'sh', String(size.cols), String(size.rows), ...command],
    Env: ['TERM=xterm-256color'],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: true,
  }
  const made = await docker.post<{ Id: string }>(`/containers/${id}/exec`, { body, signal })
  if (made === undefined) throw unexpectedResponse()
  const stream = await docker.upgrade(`/exec/${made.Id}/start`, { body: { Detach: false, Tty: true }, signal })
  stream.on('error', () => stream.destroy())
  // Docker closes its side when the command has ended; nothing can be written any more.
  stream.once('end', () => stream.destroy())
  if (signal.aborted) stream.destroy()
  signal.throwIfAborted()
  return { exec: made.Id, stream }
}
