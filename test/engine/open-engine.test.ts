/** A whole manager of `engine: memory`, where no Docker answers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { parseConfig } from '../../src/config/config.ts'
import { startManager } from '../../src/main.ts'
import { eventually } from '../../lab/eventually.ts'
import { reservePorts } from '../../lab/ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-memory-'))
after(() => rmSync(folder, { recursive: true }))

it('serves without Docker: fills the pool, lends, and renews what was returned', async () => {
  const [port] = await reservePorts(1)
  const yaml = `{listen: "127.0.0.1:${port}", auth: none, engine: memory, log: error, pools: {p: {size: 2, ssh_ports: 2221-2222}}}`
  const environment = { DOCKER_HOST: 'unix:///nowhere/docker.sock' }
  const manager = await startManager(parseConfig(yaml, join(folder, 'berth.yml'), environment))
  const get = async <T>(path: string) => (await (await fetch(`${manager.address}${path}`)).json()) as T
  const isFull = async () => {
    const { pools } = await get<{ pools: { containers: { ready: number } }[] }>('/v1/pools')
    return pools[0]?.containers.ready === 2
  }
  try {
    await eventually(isFull)
    const lent = await get<{ containers: { container: string; port: number }[] }>('/reserve?username=alice&count=2')
    assert.deepEqual(
      lent.containers.map(({ container, port: ssh }) => `${container} ${ssh}`),
      ['p-1 2221', 'p-2 2222'],
    )
    await get<unknown>('/release_all')
    await eventually(isFull)
    assert.equal((await get<{ generation: number }>('/v1/containers/p-1')).generation, 2)
  } finally {
    await manager.stop()
  }
})
