/** From the end of a reservation to no tenant being in. */
import { createLimit } from '../../src/domain/concurrency.ts'
import { followRevocations, lendAll } from './revocations.ts'
import type { BenchPool, Group, Lab } from '../session.ts'
import { inTurn } from '../measuring.ts'
import { percentile } from '../../lab/percentile.ts'
import { canLogIn, openSession } from '../../lab/ssh.ts'

const FEW = 20
const ROUNDS = 3
const MANY = 200
const AT_ONCE = 8
/** The shortest duration of a pool; what it takes to open the sessions comes on top. */
const MINUTE = 60_000
const OPENING_OF_ONE = 150

interface Ended {
  /** Of each reservation, from its end to no tenant being in, milliseconds. */
  readonly late: readonly number[]
  readonly destroyedBefore: number
  readonly stillIn: number
}

export const end: Group = {
  name: 'end',
  about: `Reservations that end in the same millisecond, with a session open in each. A tenant is out when the session is closed, or the
container off the network or dead, whichever comes first; that is seen from outside: by the SSH client, by what the kernel says
of the firewall's rules, and in Docker's events. What is off the network neither gets nor sends a byte: \`test/proofs/blocklist.test.ts\`.`,
  async *measure(lab) {
    const late: number[] = []
    let destroyedBefore = 0
    let stillIn = 0
    {
      await using pool = lab.openPool({ size: FEW })
      await pool.fill()
      await inTurn(ROUNDS, async () => {
        const ended = await endTogether(lab, pool)
        late.push(...ended.late)
        destroyedBefore += ended.destroyedBefore
        stillIn += ended.stillIn
        await pool.untilReady()
      })
    }
    const none = { target: { of: 'figure', is: 'at most', than: 0 }, unit: '' } as const
    yield {
      what: `${FEW} end together: time until no tenant has access`,
      value: percentile(late, 0.99),
      unit: 'ms',
      how: `p99 of ${late.length}`,
      target: { of: 'figure', is: 'under', than: 1_000 },
    }
    yield { what: 'the same', value: percentile(late, 0.5), unit: 'ms', how: `median of ${late.length}` }
    yield { what: 'logins that were accepted after that', value: stillIn, how: `of ${late.length}`, ...none }
    const destroyed = 'containers destroyed before all access was revoked'
    yield { what: `${FEW} end together: ${destroyed}`, value: destroyedBefore, how: '', ...none }

    await using pool = lab.openPool({ size: MANY })
    await pool.fill()
    const many = await endTogether(lab, pool)
    yield {
      what: `${MANY} end together: time until no tenant has access`,
      value: Math.max(...many.late),
      unit: 'ms',
      how: '',
      target: { of: 'figure', is: 'under', than: 2_000 },
    }
    yield { what: 'the same for one of them', value: percentile(many.late, 0.5), unit: 'ms', how: `median of ${MANY}` }
    yield { what: `${MANY} end together: ${destroyed}`, value: many.destroyedBefore, how: '', ...none }
  },
}

/** Lends every container of the pool to a tenant of its own, with a session open, and all until the same time. */
async function endTogether(lab: Lab, pool: BenchPool): Promise<Ended> {
  const { manager, size } = pool
  const due = Date.now() + MINUTE + 5_000 + size * OPENING_OF_ONE
  const { lent } = await lendAll(pool, due)
  const revocations = await followRevocations(lab, pool)
  const limit = createLimit(AT_ONCE)
  const closed = await Promise.all(
    lent.map((one) =>
      limit(async () => {
        const session = await openSession(one)
        const over = Promise.withResolvers<void>()
        session.once('close', () => {
          revocations.saw(one.container, performance.timeOrigin + performance.now())
          over.resolve()
        })
        // In an object: the place is given to the next one now, not when the session is over.
        return { over: over.promise }
      }),
    ),
  )
  if (Date.now() > due - 1_000) throw new Error('the sessions were not open in time')
  await Promise.all(closed.map(({ over }) => over))
  const stillIn = await Promise.all(lent.map((one) => limit(() => canLogIn(one))))
  revocations.stop()
  const late = lent.map(({ container }) => (revocations.revokedAt.get(container) ?? Number.NaN) - due)
  if (late.some((ms) => !(ms >= 0))) throw new Error(`a tenant was out before the end: ${Math.min(...late)} ms`)
  const last = Math.max(...revocations.revokedAt.values())
  await manager.until('none held', (all) => all.every(({ state }) => state !== 'reserved'))
  return {
    late,
    destroyedBefore: revocations.destroyedAt.filter((at) => at < last).length,
    stillIn: stillIn.filter(Boolean).length,
  }
}
