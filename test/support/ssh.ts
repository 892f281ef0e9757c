/** A real SSH client, for tests that log in. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2 from 'ssh2'
import { eventually } from '../../lab/eventually.ts'

export interface Login {
  readonly port: number
  readonly username: string
  readonly host?: string
  readonly password?: string
  readonly privateKey?: string
  /** A connection to the server that is open already. */
  readonly stream?: Duplex
}

export interface Session {
  /** Fingerprint of the server's key, "SHA256:…". */
  readonly hostKey: string
  /** Runs a command in the user's shell; its output, trimmed, and its exit code. */
  exec(command: string, options?: { pty: boolean }): Promise<{ code: number | null; stdout: string; stderr: string }>
  /** Opens a terminal with the user's shell; resolves when that has shown its prompt. */
  shell(): Promise<Terminal>
  /** Resolves when the server or we have ended the connection. */
  readonly closed: Promise<void>
  close(): void
}

export interface Terminal {
  /** All that was shown so far. */
  readonly shown: string
  type(text: string): void
  /** Takes no more of what is shown. */
  pause(): void
}

/** Why a login failed: the server said no, or nobody was there. */
class LoginFailed extends Error {
  readonly refused: boolean

  constructor(cause: Error & { level?: string }) {
    super(cause.message, { cause })
    this.refused = cause.level === 'client-authentication'
  }
}

/**
 * For who has hung up, in milliseconds: a host that has vanished never does, and its connection kept a test file from
 * its end.
 */
const LEAVING = 1_000

/** One attempt, no retries: an account works at once or not. */
export async function login({ host = '127.0.0.1', port, stream, ...credentials }: Login): Promise<Session> {
  const client = new ssh2.Client()
  const sock = stream ?? connect({ host, port })
  const leave = () => {
    client.end()
    setTimeout(() => sock.destroy(), LEAVING).unref()
  }
  const ready = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  let hostKey = ''
  client.on('ready', ready.resolve)
  client.on('error', (error) => {
    ready.reject(new LoginFailed(error))
    leave()
  })
  client.on('close', () => {
    ready.reject(new LoginFailed(new Error('connection closed')))
    closed.resolve()
  })
  client.connect({
    sock,
    ...credentials,
    readyTimeout: 10_000,
    hostVerifier: (key: Buffer) => {
      hostKey = fingerprint(key)
      return true
    },
  })
  await ready.promise
  return {
    hostKey,
    exec: (command, options) => execOn(client, command, options),
    shell: () => shellOn(client),
    closed: closed.promise,
    close: leave,
  }
}

/** Whether somebody could get in now: refused, or no engine there, is no. */
export async function canLogIn(credentials: Login): Promise<boolean> {
  try {
    return !(await isRefused(credentials))
  } catch (error) {
    if (error instanceof LoginFailed) return false
    throw error
  }
}

/** Logs in, runs one command, logs out. */
export async function loginAndRun(credentials: Login, command: string) {
  const session = await login(credentials)
  try {
    return await session.exec(command)
  } finally {
    session.close()
  }
}

/** True when the server refuses exactly these credentials; any other failure is thrown. */
export async function isRefused(credentials: Login): Promise<boolean> {
  try {
    const session = await login(credentials)
    session.close()
    return false
  } catch (error) {
    if (error instanceof LoginFailed && error.refused) return true
    throw error
  }
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function execOn(client: ssh2.Client, command: string, options: { pty?: boolean } = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    client.exec(command, options, (error, channel) => {
      if (error) return reject(error)
      const output = { stdout: '', stderr: '' }
      channel.setEncoding('utf8')
      channel.stderr.setEncoding('utf8')
      channel.on('data', (text: string) => {
        output.stdout += text
      })
      channel.stderr.on('data', (text: string) => {
        output.stderr += text
      })
      channel.on('close', (code: number | null) =>
        resolve({ code, stdout: output.stdout.trim(), stderr: output.stderr.trim() }),
      )
    })
  })
}

async function shellOn(client: ssh2.Client): Promise<Terminal> {
  let shown = ''
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
    client.shell((error, opened) => (error ? reject(error) : resolve(opened)))
  })
  channel.setEncoding('utf8')
  channel.on('data', (text: string) => {
    shown += text
  })
  await eventually(async () => /[$#] $/.test(shown))
  return {
    get shown() {
      return shown
    },
    type: (text) => void channel.write(text),
    pause: () => void channel.pause(),
  }
}
