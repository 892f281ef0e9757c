/** `berth reload` and signals, with a manager on Docker. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { testManager } from '../../lab/manager.ts'
import { testBerth } from '../support/manager/berth.ts'

const manager = await testManager('reload', { size: 2 })
const file = join(manager.folder, 'berth.yml')
const original = readFileSync(file, 'utf8')
const berth = testBerth({ BERTH_URL: manager.url })

interface Settings {
  pools: Record<string, Record<string, unknown>>
  [key: string]: unknown
}

/** Writes the original berth.yml with a change, or without one. */
function edit(change: (settings: Settings) => void = () => undefined): void {
  const settings = parse(original) as Settings
  change(settings)
  writeFileSync(file, stringify(settings))
}

/** Returns the settings of the manager's own pool. */
function own({ pools }: Settings): Record<string, unknown> {
  const settings = pools[manager.pool]
  assert.ok(settings)
  return settings
}

const generations = async () =>
  new Map((await manager.containers()).map(({ name, generation }) => [name, generation] as const))

describe('berth reload', () => {
  it('lets a pool shrink and grow, and says so', async () => {
    await manager.start()
    await manager.untilReady()
    edit((settings) => {
      own(settings)['size'] = 1
    })
    assert.equal((await berth.run('reload')).stdout, `Reloaded:\n  pools.${manager.pool}.size: 2 -> 1\n`)
    await manager.until('shrunk', (all) => all.length === 1 && all[0]?.state === 'ready')
    edit()
    await berth.run('reload')
    await manager.until('grown', (all) => all.length === 2 && all.every(({ state }) => state === 'ready'))
    assert.equal((await berth.run('reload')).stdout, 'Reloaded; nothing in berth.yml has changed.\n')
  })

  it('replaces free containers of a changed pool at once, and a reserved one when it is released', async () => {
    const { containers } = await manager.reserve({ username: 'alice' })
    const held = containers[0]?.container ?? ''
    const before = await generations()
    edit((settings) => {
      own(settings)['pids'] = 128
    })
    assert.equal((await berth.run('reload')).code, 0)
    const isNewer = ({ name, generation }: { name: string; generation: number }) => generation > (before.get(name) ?? 0)
    await manager.until('renewed', (all) =>
      all.every((row) => (row.name === held ? !isNewer(row) : isNewer(row) && row.state === 'ready')),
    )
    await manager.get('/release_all')
    await manager.until('all renewed', (all) => all.every((row) => isNewer(row) && row.state === 'ready'))
  })

  it('makes a pool with a network of its own, and removes it', async () => {
    const ports = String(own(parse(original) as Settings)['ssh_ports']).split(',')
    edit((settings) => {
      own(settings)['size'] = 1
      own(settings)['ssh_ports'] = ports[0]
      settings.pools[`${manager.pool}n`] = { size: 1, ssh_ports: ports[1], reach: 'none' }
    })
    const { code, stdout } = await berth.run('reload')
    assert.equal(code, 0)
    assert.match(stdout, /: new, 1 container of berth\/box\n/)
    const both = [`${manager.pool}-1`, `${manager.pool}n-1`]
    await manager.until('made', (all) => {
      const ready = all.filter(({ state }) => state === 'ready').map(({ name }) => name)
      return all.length === 2 && both.every((name) => ready.includes(name))
    })
    edit()
    await berth.run('reload')
    await manager.until('removed', (all) => all.length === 2 && !all.some(({ name }) => name === both[1]))
    await manager.untilReady()
  })

  it('is refused with every problem, and changes nothing', async () => {
    edit((settings) => {
      own(settings)['size'] = 'many'
      settings['colour'] = 'red'
    })
    const { code, stderr } = await berth.run('reload')
    assert.equal(code, 2)
    assert.match(stderr, /^berth: .*berth\.yml cannot be used:\n {2}colour: unknown key/)
    assert.match(stderr, /\n {2}pools\..*\.size: must be a whole number/)
    edit((settings) => {
      settings['instance'] = 'another'
    })
    const restart = await berth.run('reload')
    assert.equal(restart.code, 2)
    assert.match(restart.stderr, /instance: needs a restart: .* -> another\nNothing was applied/)
    assert.equal((await manager.containers()).length, 2)
  })
})

describe('signals', () => {
  it('SIGHUP reloads, and logs every problem of a broken file', async () => {
    edit((settings) => {
      own(settings)['size'] = 'many'
      settings['colour'] = 'red'
    })
    manager.signal('SIGHUP')
    await manager.shows(/"level":"error".*colour: unknown key/)
    await manager.shows(/"level":"error".*size: must be a whole number/)
    await manager.shows(/not reloaded: the settings stay as they were/)
    edit((settings) => {
      own(settings)['size'] = 1
    })
    manager.signal('SIGHUP')
    await manager.until('shrunk', (all) => all.length === 1)
    await manager.shows(/reloaded .*berth\.yml, by SIGHUP: .*size: 2 -> 1/)
    edit()
    manager.signal('SIGHUP')
    await manager.until('grown', (all) => all.length === 2)
    await manager.untilReady()
  })

  it('Ctrl-C says what stays, and that reservations end only at the next start', async () => {
    await manager.reserve({ username: 'alice' })
    const { code } = await manager.interrupt()
    assert.equal(code, 0)
    // The end of the output may arrive after the exit.
    await manager.shows(/^ {2}stopping {2,}current work is finished, in at most 4 s; a second Ctrl-C exits at once$/m)
    await manager.shows(
      /^ {2}stopped {2,}2 containers and 1 reservation stay; `just run` goes on\. Reservations .* the first at \d/m,
    )
    await manager.start()
    await manager.get('/release_all')
    await manager.untilReady()
  })
})
