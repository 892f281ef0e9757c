/**
 * Connections to an engine behind SSH. Each one is a `docker system dial-stdio` on the other side, as the docker
 * command does it for DOCKER_HOST=ssh://…; they are kept open between requests.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'

/** Maximum number of connections. sshd's MaxStartups refuses some of more than ten logins that begin at once. */
const MAX_CONNECTIONS = 8
const CONNECT_TIMEOUT_S = 10
/** Maximum text that is kept of ssh's stderr: enough for its reason. */
const MAX_STDERR_CHARS = 2_000

/** ssh://[user@]host[:port] */
const ADDRESS = /^ssh:\/\/(?:([\w.-]+)@)?(?:\[([\da-f:]+)\]|(\w[\w.-]*))(?::(\d{1,5}))?\/?$/i

/** Returns ssh's arguments for an address like ssh://user@host:22; null for another kind of address. */
export function sshArguments(address: string): string[] | null {
  const [, user, ipv6, name, port] = ADDRESS.exec(address) ?? []
  const host = ipv6 ?? name
  if (host === undefined || user?.startsWith('-')) return null
  const options = ['-T', '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_TIMEOUT_S}`]
  if (user !== undefined) options.push('-l', user)
  if (port !== undefined) options.push('-p', port)
  return [...options, '--', host, 'docker', 'system', 'dial-stdio']
}

/** Starts an ssh for each connection. */
export class SshAgent extends Agent {
  readonly #arguments: readonly string[]

  constructor(sshArgs: readonly string[]) {
    super({ keepAlive: true, maxSockets: MAX_CONNECTIONS })
    this.#arguments = sshArgs
  }

  override createConnection(): Duplex {
    return new SshConnection(spawn('ssh', this.#arguments, { stdio: 'pipe' }))
  }
}

class SshConnection extends Duplex {
  readonly #ssh: ChildProcessWithoutNullStreams

  constructor(ssh: ChildProcessWithoutNullStreams) {
    super()
    this.#ssh = ssh
    let printed = ''
    ssh.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) ssh.stdout.pause()
    })
    ssh.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-MAX_STDERR_CHARS)
    })
    // ssh has ended: `close` follows, with the reason.
    ssh.stdin.on('error', () => undefined)
    ssh.once('error', (error) => this.destroy(error))
    ssh.once('close', (code) => {
      const reason = printed.trim().split('\n').at(-1) || `exit code ${code}`
      if (code === 0) this.push(null)
      // With a code, like Node's own errors of connections: the engine is unavailable.
      else this.destroy(Object.assign(new Error(`ssh: ${reason.replace(/^ssh: /, '')}`), { code: 'SSH_FAILED' }))
    })
  }

  override _read(): void {
    this.#ssh.stdout.resume()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#ssh.stdin.write(chunk, () => done())
  }

  override _final(done: () => void): void {
    this.#ssh.stdin.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ssh.kill()
    done(error)
  }

  // Node's HTTP agent calls these on its sockets. `close` of the client ends them.
  setKeepAlive(): void {}
  setNoDelay(): void {}
  setTimeout(): void {}
  ref(): void {}
  unref(): void {}
}
