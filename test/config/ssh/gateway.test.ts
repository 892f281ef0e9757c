import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertRunsAlone } from '../../../src/config/ssh/gateway.ts'
import { changesBetween } from '../../../src/config/changes.ts'
import { POOL, problems, read } from '../../support/config.ts'

const DOCKER_ELSEWHERE = { DOCKER_HOST: 'tcp://10.0.0.9:2376' }
const DOCKER_HERE = { DOCKER_HOST: 'unix:///var/run/docker.sock' }

const tree = (ssh: object, top: object = {}) => ({ ...top, ssh, pools: { p: POOL } })

describe('ssh.gateway', () => {
  it('names where it listens, and by whom it is run', () => {
    assert.equal(read(tree({})).sshGateway, null)
    const listen = '192.0.2.1'
    assert.deepEqual(read(tree({ gateway: { listen } }), DOCKER_HERE).sshGateway, { listen, alone: false })
    const environment = { ...DOCKER_HERE, BERTH_SSH_GATEWAY_LISTEN: listen, BERTH_SSH_GATEWAY_ALONE: 'true' }
    assert.deepEqual(read(tree({}), environment).sshGateway, { listen, alone: true })
  })

  it('needs an IP address and knows no other keys', () => {
    assert.deepEqual(problems(tree({ gateway: { alone: true } }), DOCKER_HERE), [
      'ssh.gateway.listen: must be an IP address, not nothing',
    ])
    assert.deepEqual(problems(tree({ gateway: { listen: '127.0.0.2', port: 22 } }), DOCKER_HERE), [
      'ssh.gateway.port: unknown key; allowed: listen, alone',
    ])
  })

  it('is refused at an address on which Docker of this machine publishes the same ports', () => {
    const why = (bind: string) => `Docker publishes the same ports at ssh.bind (${bind})`
    for (const [listen, bind, problem] of [
      ['127.0.0.1', '127.0.0.1', `cannot be 127.0.0.1: ${why('127.0.0.1')}; set ssh.bind to 127.0.0.2, for example`],
      ['192.0.2.1', '0.0.0.0', `cannot be 192.0.2.1: ${why('0.0.0.0')}; set ssh.bind to 127.0.0.1, for example`],
      ['0.0.0.0', '127.0.0.1', `must be one address, not 0.0.0.0: ${why('127.0.0.1')}`],
      ['::', '127.0.0.1', `must be one address, not ::: ${why('127.0.0.1')}`],
    ] as const) {
      const ssh = { bind, gateway: { listen } }
      assert.deepEqual(problems(tree(ssh), DOCKER_HERE), [`ssh.gateway.listen: ${problem}`])
      assert.deepEqual(problems(tree(ssh), DOCKER_ELSEWHERE), [])
      assert.deepEqual(problems(tree(ssh, { engine: 'memory' }), DOCKER_HERE), [])
    }
  })

  it('cannot be changed by a reload', () => {
    const [before, after] = [{ listen: '127.0.0.2' }, { listen: '127.0.0.3', alone: true }].map((gateway) =>
      read(tree({ gateway }), DOCKER_HERE),
    )
    assert.ok(before && after)
    assert.deepEqual(
      changesBetween(before, after).restart.map(({ path }) => path),
      ['ssh.gateway.listen', 'ssh.gateway.alone'],
    )
  })

  it('runs alone only with a database that it can share, and with containers that can be reached', () => {
    const database = 'postgres://berth@127.0.0.1/berth'
    const alone = (top: object) => read(tree({ gateway: { listen: '127.0.0.2', alone: true } }, top), DOCKER_HERE)
    assertRunsAlone(alone({ database }), '127.0.0.3')
    assert.throws(() => assertRunsAlone(alone({}), '127.0.0.2'), {
      message: /needs PostgreSQL, because a SQLite file belongs to its manager; set database to the URL/,
    })
    assert.throws(() => assertRunsAlone(alone({ database, engine: 'memory' }), '127.0.0.2'), { code: 'invalid_config' })
    assert.throws(() => assertRunsAlone(alone({ database }), '127.0.0.1'), {
      message: /^the address of the gateway cannot be 127.0.0.1: Docker publishes/,
    })
  })
})
