/** A hundred requests at once. */
import type { BenchPool, Group } from '../session.ts'
import { inTurn, median, type Took, timed, timedAndBusy, WORK } from '../measuring.ts'
import { percentile } from '../../lab/percentile.ts'

const SIZE = 100
const ALONE = 15
const BURSTS = 2

export const burst: Group = {
  name: 'burst',
  about: `A pool of ${SIZE}, and ${SIZE} people who reserve one container each at the same moment.`,
  async *measure(lab) {
    await using pool = lab.openPool({ size: SIZE })
    await pool.fill()
    const alone: number[] = []
    await inTurn(ALONE, async (round) => {
      alone.push(await timed(() => pool.manager.reserve({ username: `alone${round}` })))
    })
    const waits: number[] = []
    const wholes: Took[] = []
    let answered = 0
    await inTurn(BURSTS, async (round) => {
      await pool.releaseAll()
      await pool.untilReady()
      wholes.push(
        await timedAndBusy(async () => {
          const all = await Promise.all(Array.from({ length: SIZE }, (_, nth) => ask(pool, `b${round}n${nth}`)))
          waits.push(...all.map(({ ms }) => ms))
          answered += all.filter(({ status }) => status === 200).length
        }),
      )
    })
    const limit = { what: 'median of one, in the same pool', value: median(alone), unit: 'ms' as const }
    yield {
      what: 'answered 200',
      value: answered,
      unit: '',
      how: `of ${BURSTS * SIZE}`,
      target: { of: 'figure', is: 'at least', than: BURSTS * SIZE },
    }
    yield {
      what: 'request to answer',
      value: percentile(waits, 0.99),
      unit: 'ms',
      how: `p99 of ${waits.length}`,
      limit,
      target: { of: 'limit', is: 'under', than: 20 },
    }
    yield { what: 'request to answer', value: median(waits), unit: 'ms', how: `median of ${waits.length}`, limit }
    const whole = { value: median(wholes.map(({ ms }) => ms)), unit: 'ms' as const, how: `median of ${BURSTS}` }
    yield { what: 'until the last answer', ...whole, limit }
    const busy = median(wholes.map((one) => one.busy))
    yield { what: 'the same', ...whole, limit: { what: WORK, value: busy, unit: 'ms' } }
  },
}

async function ask({ manager }: BenchPool, username: string): Promise<{ status: number; ms: number }> {
  const began = performance.now()
  const { status } = await manager.get(`/reserve?username=${username}`)
  return { status, ms: performance.now() - began }
}
