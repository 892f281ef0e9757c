/** PgBouncer in transaction mode, which runs each transaction on another connection. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { reservePorts } from '../../../lab/ports.ts'
import { testTool } from '../test-tools.ts'

export interface Pooler {
  readonly port: number
  /** Sends SIGKILL. */
  kill(): Promise<void>
  start(): void
}

/**
 * Starts PgBouncer until the tests of the file have ended. Call it at the top of the file. After a failed connection to
 * the server it refuses clients for `server_login_retry` seconds, 15 by default.
 */
export async function startPooler(serverPort: number): Promise<Pooler> {
  const [port = 0] = await reservePorts(1)
  const folder = mkdtempSync(join(tmpdir(), 'berth-pooler-'))
  chmodSync(folder, 0o755)
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${serverPort} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_login_retry = 1
${process.getuid?.() === 0 ? 'user = nobody' : ''}
`,
  )
  let pooler: ChildProcess | null = null
  const start = () => {
    pooler = spawn(testTool('pgbouncer'), [join(folder, 'pgbouncer.ini')], { stdio: 'ignore' })
  }
  const end = async (signal: NodeJS.Signals) => {
    const running = pooler
    pooler = null
    if (running === null || running.exitCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }
  start()
  after(async () => {
    await end('SIGTERM')
    rmSync(folder, { recursive: true })
  })
  return { port, start, kill: () => end('SIGKILL') }
}
