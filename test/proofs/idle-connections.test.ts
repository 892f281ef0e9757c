/** Connections without a login: anyone who reaches the port can open them, and tenants must go on beside them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { reservePorts } from '../../lab/ports.ts'
import { tried } from '../../lab/proof.ts'
import { type Login, login, loginAndRun, type Session } from '../support/ssh.ts'

const IDLE = 400
/** As images/sshd_config has it, and some more, in milliseconds. */
const GRACE = 17_000
/** Waits for all of them, so that they are there at once. */
const FORTY = 'for n in $(seq 40); do sleep 2 & done; wait; echo forty'
/** What a tenant asks from inside, whose address is another one. */
const ASK_SSHD = `python3 -c 'import socket; print(socket.create_connection(("127.0.0.1", 22), 5).recv(8).decode())'`

const POOLS = [
  { pool: {}, promise: 'Idle connections take neither processes nor memory from a tenant, and others still get in' },
  { pool: { memory: '128m' }, promise: 'Idle connections take nothing from a tenant of a pool with 128 MB either' },
]

for (const { pool, promise } of POOLS) {
  const manager = await testManager('idle', { size: 1, pool })
  let credentials: Login
  let session: Session
  const idle: Socket[] = []
  after(() => close(idle))

  describe(`a tenant of a pool with ${JSON.stringify(pool)} beside ${IDLE} connections without a login`, () => {
    before(async () => {
      await manager.start()
      await manager.untilReady()
      const { containers, username, password } = await manager.reserve({ username: 'tenant' })
      credentials = { port: containers[0]?.port ?? 0, username, password }
      session = await login(credentials)
    })

    it(promise, async (t) => {
      idle.push(...(await openIdle(credentials.port, IDLE)))
      const began = performance.now()
      const { stdout, stderr } = await session.exec(FORTY)
      assert.equal(stdout, 'forty', stderr)
      assert.equal((await session.exec(ASK_SSHD)).stdout, 'SSH-2.0-', 'from another address')
      const container = `${manager.pool}-1`
      assert.equal(await docker('exec', container, 'echo', 'exec'), 'exec')
      const state = await docker('inspect', '--format', '{{.RestartCount}} {{.State.OOMKilled}}', container)
      assert.equal(state, '0 false')
      await sleep(GRACE - (performance.now() - began))
      assert.equal((await loginAndRun(credentials, 'whoami')).stdout, 'tenant', 'from the same address, after them')
      tried(t, IDLE, 'connections')
    })
  })
}

it('With as many places as sshd had before, idle connections keep a tenant from starting anything', async () => {
  const [port = 0] = await reservePorts(1)
  // bash retries a fork for 15 seconds: the connections must last longer than that.
  const limits = '-o MaxStartups=200:30:400 -o PerSourceMaxStartups=none -o LoginGraceTime=120'
  const asBefore = `ssh-keygen -qA; mkdir -p /run/sshd; exec $(command -v sshd) -De ${limits}`
  const options = ['--detach', '--init', '--pids-limit', '256', '--publish', `127.0.0.1:${port}:22`]
  const id = await docker('run', ...options, '--entrypoint', 'sh', 'berth/box', '-c', asBefore)
  const fork = () => docker('exec', id, 'bash', '-c', FORTY).catch((error: Error) => error.message)
  try {
    await eventually(async () => (await docker('logs', id).then(() => docker('exec', id, 'pgrep', 'sshd'))) !== '')
    assert.equal(await fork(), 'forty')
    const idle: Socket[] = []
    // Some at a time: of many that begin at once most fail to fork, and end.
    await eventually(async () => {
      idle.push(...(await openIdle(port, 40)))
      return (await fork()) !== 'forty'
    })
    close(idle)
  } finally {
    await docker('rm', '--force', id)
  }
})

/** Resolves when sshd has had the time to start what it starts for each. */
async function openIdle(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ host: '127.0.0.1', port }))
  await Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => socket.destroy())
      await once(socket, 'connect')
      socket.write('SSH-2.0-idle\r\n')
    }),
  )
  await sleep(3_000)
  return sockets
}

function close(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}
