/** Shells while a real engine stops or crashes, and starts again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { cannotHaveEngine, privateEngine } from '../support/engine/private-engine.ts'
import { terminalsOf } from '../support/http/terminals.ts'

const skip = cannotHaveEngine()

describe('a shell below dtach', { skip }, async () => {
  if (skip !== false) return
  const engine = await privateEngine()
  const manager = await testManager('live', {
    size: 1,
    top: { ssh: { bind: engine.host } },
    env: { DOCKER_HOST: engine.address },
  })
  const { reserve, create, attach, untilAttachedAgain, release } = terminalsOf(manager)

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`goes on when the engine ends with ${signal} and its containers outlive it`, async () => {
      await manager.kill()
      await engine.stop('SIGTERM')
      await engine.start({ liveRestore: true })
      await manager.start()
      await manager.untilReady()
      const { id, name } = await reserve()
      const made = await create(name)
      const viewer = await attach(made)
      await viewer.prints(/\$ $/)
      await viewer.run('X=kept; echo "is $X"', /is kept/)
      await engine.stop(signal)
      assert.equal((await viewer.closed).code, 1013)
      await engine.start({ liveRestore: true })
      await untilAttachedAgain(made.id)
      const processes = await engine.docker('top', `${manager.instance}.${name}`, '-eo', 'pid,args')
      assert.equal(processes.match(/dtach -a/g)?.length, 1, processes)
      await release(id)
    })
  }
})
