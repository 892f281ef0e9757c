/** An SSH client whose own waits are not measured. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'

export interface Credentials {
  /** By default 127.0.0.1. */
  readonly host?: string
  readonly port: number
  readonly username: string
  readonly password?: string
  readonly privateKey?: string
}

/**
 * Opens a session with one login attempt. noDelay: without it, ssh2's small writes wait for acknowledgements, three
 * times about 40 ms; OpenSSH's client had one such wait of 35 ms.
 */
export async function openSession({ host = '127.0.0.1', port, ...credentials }: Credentials): Promise<ssh2.Client> {
  const client = new ssh2.Client()
  const ready = Promise.withResolvers<void>()
  // A session that is cut off emits an error, too; callers listen for the close.
  client.once('ready', ready.resolve).on('error', ready.reject)
  const sock = connect({ host, port, noDelay: true })
  client.connect({ sock, ...credentials, readyTimeout: 30_000 })
  await ready.promise
  return client
}

/** Runs a command, and returns its stdout, trimmed. */
export async function outputOf(session: ssh2.Client, command: string): Promise<string> {
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
    session.exec(command, (error, opened) => (error ? reject(error) : resolve(opened)))
  })
  let output = ''
  channel.setEncoding('utf8')
  for await (const text of channel) output += String(text)
  return output.trim()
}

export async function logIn(credentials: Credentials): Promise<void> {
  ;(await openSession(credentials)).end()
}

export async function canLogIn(credentials: Credentials): Promise<boolean> {
  return logIn(credentials).then(
    () => true,
    () => false,
  )
}

/**
 * Resolves when sshd greets a connection. Docker itself accepts connections, and drops them, before sshd listens.
 */
export async function untilGreeted(port: number): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(5)) {
    if (await greets(connect({ host: '127.0.0.1', port }))) return
  }
  throw new Error(`no sshd at port ${port}`)
}

function greets(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.setTimeout(2_000, () => socket.destroy())
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1').startsWith('SSH-'))
      socket.destroy()
    })
    socket.on('error', () => undefined).once('close', () => resolve(false))
  })
}
