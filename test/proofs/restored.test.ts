/** A held container that was down and is started again: its tenant has been in, and has prepared it for root. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { newKeyPair } from '../../lab/key-pair.ts'
import { canLogIn, type Login, loginAndRun } from '../support/ssh.ts'

/** Where root would follow a link of the tenant, if it wrote into the home. */
const PLANT = 'mv .ssh .ssh.old && ln -s /etc .ssh && mkdir d && ln -s /etc/shadow d/authorized_keys'
const STATE = 'stat -c "%n %U:%G %a" /etc /etc/shadow /home/uma /home; readlink /home/uma/.ssh; ls /etc/authorized_keys'

const PROMISES = {
  native: 'A tenant finds the container as they left it, and root has followed no link of theirs',
  ansible:
    'With accounts of Ansible, too, a tenant finds the container as they left it, and root has followed no link of theirs',
} as const

for (const accounts of ['native', 'ansible'] as const) {
  const manager = await testManager(`restored-${accounts}`, { size: 1, pool: { sudo: false }, top: { accounts } })
  const container = `${manager.pool}-1`
  let credentials: Login

  describe(`a tenant without sudo, with accounts: ${accounts}`, () => {
    before(async () => {
      await manager.start()
      await manager.untilReady()
      const request = { username: 'uma', password: 'a password', ssh_keys: [newKeyPair('/home/uma/x.so').publicKey] }
      const { status, body } = await manager.send('POST', '/v1/reservations', request)
      assert.equal(status, 201, JSON.stringify(body))
      const { containers } = body as { containers: readonly { port: number }[] }
      credentials = { port: containers[0]?.port ?? 0, username: 'uma', password: 'a password' }
      await loginAndRun(credentials, PLANT)
    })

    /** How often it was restored as far as the manager's log says, since it was started. */
    const restored = () => manager.output.split(`${container} restored`).length - 1

    const WAYS = {
      'an operator kills it': () => docker('kill', container),
      'it is stopped while the manager is away': async () => {
        await manager.kill()
        await docker('kill', container)
        await manager.start()
      },
      // As a tenant can bring about: memory that belongs to no process has the kernel kill sshd.
      'its sshd ends, and Docker has started it again when the manager looks': async () => {
        manager.signal('SIGSTOP')
        await docker('exec', container, 'pkill', '-o', 'sshd').catch(() => undefined)
        await docker('exec', container, 'true').catch(() => undefined)
        manager.signal('SIGCONT')
      },
    }

    it(PROMISES[accounts], async (t) => {
      const state = () => docker('exec', container, 'sh', '-c', `${STATE} 2>&1; true`)
      const planted = await state()
      assert.match(planted, /^\/etc root:root 755$/m)
      for (const [way, happen] of Object.entries(WAYS)) {
        const earlier = way.includes('away') ? 0 : restored()
        await happen()
        if (!way.includes('Docker')) await manager.until(way, () => restored() > earlier)
        await manager.until(way, (seen) => seen.every((c) => c.state === 'reserved'))
        await eventually(() => canLogIn(credentials))
        assert.match((await loginAndRun(credentials, 'ls -a')).stdout, /\.ssh\.old/, way)
        assert.equal(await state(), planted, way)
      }
      tried(t, Object.keys(WAYS).length, 'ways to be restored')
    })

    it('is led there when root does what it did before', async () => {
      await docker('exec', container, 'sh', '-c', 'chown -R uma: /home/uma/.ssh/.')
      assert.match(await docker('exec', container, 'stat', '-c', '%U', '/etc'), /uma/)
    })
  })
}
