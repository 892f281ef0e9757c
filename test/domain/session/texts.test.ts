import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { howToStay, sessionTextsOf } from '../../../src/domain/session/texts.ts'
import { LocalTime } from '../../../src/domain/text/local-time.ts'
import { reservation } from '../../../lab/rows.ts'

const END = Date.UTC(2026, 10, 24, 14, 30, 59, 999)
const INSIDE = { hasCommands: true, selfService: true, localTime: new LocalTime('Europe/Berlin') }
const OFF = { ...INSIDE, selfService: false }
const OWN_IMAGE = { ...INSIDE, hasCommands: false }

const of = (some: Parameters<typeof reservation>[0], context = INSIDE) =>
  sessionTextsOf(reservation({ id: '3f2b1c9e-0000-4000-8000-000000000000', ...some }), END, context)

describe('the motd', () => {
  it('says who holds the container until when, and the commands that work there', () => {
    assert.equal(
      of({ owner: 'alice' }).motd,
      `
This container of pool p is held by alice until 2026-11-24 15:30 CET (14:30 UTC).
Then it is destroyed.
Commands: time-left, extend 30m, release

`,
    )
  })

  it('names an owner of another name as a Berth user, not as a user of the system', () => {
    assert.match(of({ owner: 'root' }).motd, /held by alice until .*\n.* The Berth user root reserved it\.\n/)
    assert.doesNotMatch(of({ owner: 'anyone' }).motd, /anyone|Berth user/)
  })

  it('says whom to ask in a pool without self-service', () => {
    assert.match(of({ owner: 'ci' }, OFF).motd, /: time-left\nTo extend or release it, ask the Berth user ci, who/)
    assert.match(of({ owner: 'anyone' }, OFF).motd, / it, ask the person who gave you this container\.\n/)
    assert.match(
      of({ owner: 'alice' }, OFF).motd,
      / it, use the command berth on the machine where you reserved it\.\n/,
    )
    for (const owner of ['ci', 'anyone', 'alice']) assert.doesNotMatch(of({ owner }, OFF).motd, /extend 30m|PATCH/)
  })

  it('names the command berth, and where it works, in an image without the session commands', () => {
    const { motd } = of({ owner: 'ci' }, OWN_IMAGE)
    assert.match(motd, /To extend it, on the machine where it was reserved: berth extend 3f2b1c9e --by 30m\n/)
    assert.doesNotMatch(motd, /time-left|release/)
  })

  it('says that it ends without keepalive calls', () => {
    assert.match(
      of({ keepaliveMs: 300_000 }).motd,
      /\nIt ends earlier if the program that reserved it does not call for 5m\.\n/,
    )
  })

  it('lets no name begin a line or move the cursor', () => {
    assert.match(
      of({ owner: 'oidc:\u001b[2J\u009b\r\nroot\u202e' }).motd,
      /The Berth user oidc:\?\[2J\?\?\?root\? reserved/,
    )
  })
})

describe('the file of the session commands', () => {
  it('has the end, the number of containers, and nothing to ask for', () => {
    const until = '2026-11-24 15:30 CET (14:30 UTC)'
    assert.equal(of({ count: 2 }).session, `end=${Math.floor(END / 1_000)}\nuntil=${until}\ncontainers=2\nrefusal=\n`)
  })

  it('says where the command berth works when no request would reach the manager', () => {
    const refusal = '\nrefusal=To extend it, on the machine where it was reserved: berth extend 3f2b1c9e --by 30m\n'
    assert.ok(of({}, OWN_IMAGE).session.endsWith(refusal))
  })

  it('says whom to ask in a pool without self-service; no name begins a line', () => {
    const { session } = of({ owner: 'oidc:a\nend=9' }, OFF)
    const refusal = 'refusal=This pool does not let tenants do that. Ask the Berth user oidc:a?end=9, who reserved it.'
    assert.equal(session.split('\n').at(-2), refusal)
  })
})

it('the end of a warning lets no name control the terminal', () => {
  const held = { id: 'r', owner: 'oidc:\u001b]0;x', username: 'alice' }
  assert.equal(howToStay(held, OFF), 'To stay, ask the Berth user oidc:?]0;x, who reserved it.')
})
