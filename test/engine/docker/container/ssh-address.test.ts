import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerInspectInfo } from '../../../../src/engine/docker/api/types.ts'
import { engineHostOf, sshAddressOf } from '../../../../src/engine/docker/container/ssh-address.ts'

/** A container that runs, with sshd published at this address; null: it is not published now. */
function inspected(bind: string | null, isRunning = true): ContainerInspectInfo {
  const ports = bind === null ? {} : { '22/tcp': [{ HostIp: bind, HostPort: '2221' }] }
  return { State: { Running: isRunning }, NetworkSettings: { Ports: ports, Networks: {} } } as ContainerInspectInfo
}

const hostAt = (bind: string, engine: string) => sshAddressOf(inspected(bind), 'berth', engineHostOf(engine))?.host

describe('the address at which the manager reaches sshd', () => {
  const cases: readonly [bind: string, engine: string, host: string][] = [
    ['127.0.0.1', 'unix:///var/run/docker.sock', '127.0.0.1'],
    ['0.0.0.0', 'unix:///var/run/docker.sock', '127.0.0.1'],
    ['::', 'unix:///var/run/docker.sock', '127.0.0.1'],
    ['192.0.2.7', 'unix:///var/run/docker.sock', '192.0.2.7'],
    ['0.0.0.0', 'tcp://docker.example.org:2376', 'docker.example.org'],
    ['0.0.0.0', 'ssh://root@192.0.2.1', '192.0.2.1'],
    ['', 'tcp://[2001:db8::1]:2376', '2001:db8::1'],
    ['192.0.2.7', 'tcp://docker.example.org:2376', '192.0.2.7'],
    // Never the manager's own loopback, where another container may have the port.
    ['127.0.0.1', 'tcp://docker.example.org:2376', 'docker.example.org'],
  ]
  for (const [bind, engine, host] of cases) {
    it(`is ${host} when bound to "${bind}" by the engine at ${engine}`, () => assert.equal(hostAt(bind, engine), host))
  }

  it('is unknown while the container is down, or its port is not published', () => {
    assert.deepEqual(sshAddressOf(inspected('127.0.0.1'), 'berth', '127.0.0.1'), { host: '127.0.0.1', port: 2221 })
    assert.equal(sshAddressOf(inspected('127.0.0.1', false), 'berth', '127.0.0.1'), null)
    assert.equal(sshAddressOf(inspected(null), 'berth', '127.0.0.1'), null)
  })
})
