/** When a manager writes host certificates. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BerthError } from '../../src/domain/errors.ts'
import { ANONYMOUS } from '../../src/domain/identity.ts'
import type { FaultRule } from '../../lab/faulty.ts'
import { pool } from '../../lab/rows.ts'
import { createWorld, type World } from '../../lab/world.ts'

const MINUTE = 60_000

async function held(options: { hostCa?: boolean; accounts?: FaultRule } = {}) {
  const { hostCa = true, accounts } = options
  const world = await createWorld({ hostCa, ...(accounts && { faults: { accounts } }) })
  await world.settle()
  const request = { pool: pool(), username: 'alice', password: 'test', count: 2, durationMs: 60 * MINUTE }
  const { reservation } = await world.reservations.reserve(request, ANONYMOUS)
  await world.settle()
  return { world, id: reservation.id }
}

/** Reads the fields of a container's certificate that need no knowledge of the other ones. */
function certificateOf({ accounts, host }: World, name: string) {
  const line = accounts.hostCertificates.get(host.holderOf(name)?.id ?? '') ?? ''
  const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  const at = blob.indexOf('localhost') + 'localhost'.length
  return {
    hasNames: [name, 'localhost'].every((principal) => blob.includes(principal)),
    validBefore: blob.length > 0 ? Number(blob.readBigUInt64BE(at + 8)) * 1_000 : null,
  }
}

describe('host certificates', () => {
  it('are written for each container of a reservation, until ten minutes after its end', async () => {
    const { world } = await held()
    for (const name of ['p-1', 'p-2']) {
      assert.deepEqual(certificateOf(world, name), { hasNames: true, validBefore: world.now() + 70 * MINUTE })
    }
    assert.equal(world.accounts.hostCertificates.size, 2)
  })

  it('are renewed when the end is moved', async () => {
    const { world, id } = await held()
    const validBefore = world.now() + 85 * MINUTE
    await world.reservations.extend(id, (end) => end + 15 * MINUTE, ANONYMOUS)
    await world.settle()
    assert.equal(certificateOf(world, 'p-1').validBefore, validBefore)
  })

  it('are written in the container that takes the place of a lost one', async () => {
    const { world } = await held()
    world.host.disturb(world.host.holderOf('p-1')?.id ?? '', null)
    await world.settle()
    assert.deepEqual(certificateOf(world, 'p-1'), { hasNames: true, validBefore: world.now() + 70 * MINUTE })
  })

  it('fail without failing the reserve', async () => {
    const error = new BerthError('guest_failed', 'injected')
    const rule: FaultRule = (verb) => (verb === 'writeHostCertificates' ? { when: 'before', error } : null)
    const { world } = await held({ accounts: rule })
    assert.deepEqual(world.logins(), ['alice@p-1', 'alice@p-2'])
  })

  it('are not written unless berth.yml asks for them', async () => {
    const { world } = await held({ hostCa: false })
    assert.equal(world.accounts.hostCertificates.size, 0)
  })
})
