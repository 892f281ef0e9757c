/** The commands that the dashboard shows have the same effect as its forms: run with the real curl and `berth`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { listening, openApi } from '../../lab/api.ts'
import type { Event, ReserveRequest } from '../../src/client/client.ts'
import { eventsCommand } from '../../web/src/pages/events/event-filter.ts'
import { berthCommand, curlCommand } from '../../web/src/pages/reserve/commands.ts'
import { BERTH, testBerth } from '../support/manager/berth.ts'

const execute = promisify(execFile)
const api = await openApi()
const { address } = await listening(api)
const { env } = testBerth()

/** Runs a command as it was copied, and returns its stdout. */
async function paste(command: string, input = ''): Promise<string> {
  const running = execute('sh', ['-c', command], { env: { ...env, PATH: `${dirname(BERTH)}:${env['PATH']}` } })
  running.child.stdin?.end(input)
  return (await running).stdout
}

const KEYS = `# of the laptop\nssh-ed25519 ${'A'.repeat(68)} alice@laptop\nssh-rsa ${'B'.repeat(372)} it's mine`
const EVERYTHING = {
  pool: 'alpine',
  count: 2,
  duration: '90m',
  username: 'alice',
  name: 'web',
  note: "Ada's $HOME `lab` -x",
  wait: '5m',
  keepalive: '10m',
}
const REQUESTS: Readonly<Record<string, ReserveRequest>> = {
  'nothing but the pool': { pool: 'alpine', count: 1 },
  everything: EVERYTHING,
  'keys alone': { pool: 'alpine', count: 1, ssh_keys: [KEYS] },
  'keys and a generated password': { pool: 'alpine', count: 1, ssh_keys: [KEYS], password_style: 'random' },
  'a password of four words': { pool: 'alpine', count: 1, password_style: 'words' },
}

interface Made {
  readonly id: string
  readonly password?: string
}

/** Returns what was reserved, and releases it. Leaves out the key that `berth` adds to each reserve. */
async function outcomeOf({ id, password }: Made) {
  const { pool, count, username, name, note, expiresAt, activeAt, keepaliveMs, sshKeys } =
    (await api.world.store.reservation(id)) ?? assert.fail(`there is no ${id}`)
  const lasts = Math.round(((expiresAt ?? 0) - (activeAt ?? 0)) / 60_000)
  const keys = sshKeys.filter((key) => !key.endsWith(' berth'))
  const kind = password === undefined ? 'none' : /^[a-z]+(?:-[a-z]+){3}$/.test(password) ? 'words' : 'random'
  await api.get('/release_all')
  await api.world.reconciler.tick()
  await api.world.reconciler.tick()
  return { pool, count, username, name, note, lasts, keepaliveMs, keys, kind }
}

describe('a reservation as a command', () => {
  for (const [what, request] of Object.entries(REQUESTS)) {
    it(`reserves the same with curl and with berth: ${what}`, async () => {
      const headers = { 'content-type': 'application/json' }
      const made = await api.ask('POST', '/v1/reservations', headers, JSON.stringify(request))
      assert.equal(made.status, 201, made.text)
      const expected = await outcomeOf(JSON.parse(made.text) as Made)
      const curl = curlCommand(address, request, true) ?? assert.fail('no command')
      assert.deepEqual(await outcomeOf(JSON.parse(await paste(curl)) as Made), expected)
      const berth = `${berthCommand(address, request)} --json`
      assert.deepEqual(await outcomeOf(JSON.parse(await paste(berth)) as Made), expected)
    })
  }

  it('asks for the password that the person chose, and never contains it', async () => {
    const request = { pool: 'alpine', count: 1, password: 'hunter22-hunter22' }
    assert.equal(curlCommand(address, request, false), null)
    const command = berthCommand(address, request)
    assert.equal(command.includes('hunter22'), false)
    const { id, password } = JSON.parse(await paste(`${command} --json`, 'hunter22-hunter22\n')) as Made
    assert.equal(password, undefined)
    assert.notEqual((await api.world.store.reservation(id))?.passwordHash, null)
  })
})

describe('events as a command', () => {
  const eventsOf = async (command: string) =>
    (await paste(command)).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Event]))

  it('prints those of the span and of the filter', async () => {
    const page = { origin: address, tail: 200 }
    const from = api.world.now() + 60_000
    api.world.advance(60_000)
    await api.get('/reserve?username=early')
    api.world.advance(60_000)
    const to = api.world.now()
    await api.get('/reserve?username=late')
    const command = eventsCommand(page, { kind: 'reservation.active', pool: 'alpine' }, { from, to })
    const found = await eventsOf(`${command} --json`)
    assert.deepEqual(
      found.map(({ username }) => username),
      ['early'],
    )
    const all = await eventsOf(`${eventsCommand(page, { kind: 'reservation.active' }, { from: 0, to })} --json`)
    assert.ok(all.length > 1)
    assert.equal(all.at(-1)?.username, 'early')
  })

  it('follows the latest', async () => {
    const command = eventsCommand({ origin: address, tail: 2 }, { kind: 'reservation.active' }, null)
    const lines = await paste(`timeout 5 ${command} --json | head -n 2`)
    assert.deepEqual(
      lines
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as Event).username),
      ['early', 'late'],
    )
  })
})
