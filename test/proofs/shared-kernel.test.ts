/** What the kernel counts by user id, over all containers together. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { login, type Session } from '../support/ssh.ts'

const manager = await testManager('kernel', { size: 2, pool: { sudo: false } })
let first: Session
let second: Session

before(async () => {
  await manager.start()
  await manager.untilReady()
  const { containers, username, password } = await manager.reserve({ username: 'greedy', count: 2 })
  const sessions = await Promise.all(containers.map(({ port }) => login({ port, username, password })))
  first = sessions[0] as Session
  second = sessions[1] as Session
})

/** Takes watchers until the kernel refuses, prints how many, and keeps them until its stdin ends. */
const TAKE = `python3 -uc '
import ctypes, sys
n = 0
while n < 100000 and ctypes.CDLL(None).inotify_init() >= 0: n += 1
print(n)
sys.stdin.read()
'`

describe('the user id of an account', () => {
  it('is another one in each container', async () => {
    const uids = await Promise.all([first, second].map(async (session) => (await session.exec('id -u; id -g')).stdout))
    assert.equal(new Set(uids).size, 2)
    for (const text of uids) {
      const [uid, gid] = text.split('\n')
      assert.equal(uid, gid)
      assert.ok(Number(uid) >= 20_000 && Number(uid) < 60_000, uid)
    }
  })

  it('A tenant without root who takes all watchers (inotify) leaves other containers theirs', async (t) => {
    const [uid] = (await first.exec('id -u')).stdout.split('\n')
    // They are taken in a container of their own, by the id of the first tenant.
    const taken = await docker(
      'run',
      '--detach',
      '--interactive',
      '--user',
      uid ?? '',
      '--entrypoint',
      'sh',
      'berth/box',
      '-c',
      TAKE,
    )
    try {
      let count = ''
      while (count === '') count = await docker('logs', taken)
      assert.ok(Number(count) >= 64, count)
      const take = (session: Session) => session.exec(`${TAKE} </dev/null`).then(({ stdout }) => Number(stdout))
      assert.ok((await take(second)) >= 64)
      assert.equal(await take(first), 0, 'a container with the same id finds none')
      tried(t, Number(count), 'watchers')
    } finally {
      await docker('rm', '--force', taken)
    }
  })
})
