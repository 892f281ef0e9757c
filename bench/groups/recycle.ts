/** From "released" to a container that can be had again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../src/config/config.ts'
import type { BenchPool, Group, Lab, RawContainer, RawPool } from '../session.ts'
import { type Best, bestOf, fastest, inTurn, median, ratePerSecond, series, timed } from '../measuring.ts'
import { untilGreeted } from '../../lab/ssh.ts'

const ROUNDS = 15
const SIZE = 20
const CONCURRENCIES = [1, 2, 3, 4, 6, 8]
const BATCHES = 2

export const recycle: Group = {
  name: 'recycle',
  about: `One container that is given back, then ${SIZE} at once, until they are ready again: destroyed, made, started, and their sshd has
answered. By hand that is \`rm -f\`, create, start, and waiting for sshd's greeting.`,
  async *measure(lab) {
    await using raw = await lab.openRaw()
    await using pool = lab.openPool({ size: SIZE })
    await pool.fill()
    const took = series('berth', 'raw')
    let [one] = [await raw.make(0)]
    await untilGreeted(one.spec.port)
    await inTurn(ROUNDS, async (round) => {
      took.raw.push(await timed(async () => (one = await again(lab, one))))
      took.berth.push(await releaseOne(pool, round))
    })
    const how = `median of ${ROUNDS}`
    yield {
      what: 'one: released to ready',
      value: median(took.berth),
      unit: 'ms',
      how,
      limit: { what: 'the same by hand', value: median(took.raw), unit: 'ms' },
      target: { of: 'limit', is: 'under', than: 1.3 },
    }

    const byHand = await rawBatches(lab, raw)
    const { concurrency: standard } = loadConfig({ BERTH_CONFIG: pool.config })
    const tried: Best[] = []
    for (const concurrency of CONCURRENCIES) {
      await pool.manager.interrupt()
      await pool.manager.start({ BERTH_CONCURRENCY: String(concurrency) })
      await pool.untilReady()
      tried.push({ concurrency, rate: await releaseAll(pool) })
    }
    const best = bestOf(tried)
    const standardOne = tried.find(({ concurrency }) => concurrency === standard)
    for (const { concurrency, rate } of tried) {
      yield {
        what: `${SIZE} at once, \`concurrency: ${concurrency}\`${concurrency === standard ? ', the default' : ''}`,
        value: rate,
        unit: '/s',
        how: `median of ${BATCHES}`,
        limit: { what: `by hand, ${byHand.concurrency} at once`, value: byHand.rate, unit: '/s' },
      }
    }
    yield {
      what: 'the default `concurrency`',
      value: standardOne?.rate ?? Number.NaN,
      unit: '/s',
      how: `${standard}`,
      limit: { what: `the best, ${best.concurrency}`, value: best.rate, unit: '/s' },
      target: { of: 'limit', is: 'at least', than: 0.9 },
    }
  },
}

async function again({ docker }: Lab, { id, spec }: RawContainer): Promise<RawContainer> {
  await docker.remove(id)
  const made = { id: await docker.create(spec), spec }
  await docker.start(made.id)
  await untilGreeted(spec.port)
  return made
}

/** From the request to release it. */
async function releaseOne({ manager }: BenchPool, round: number): Promise<number> {
  const { containers } = await manager.reserve({ username: `u${round}` })
  const path = `/v1/containers/${containers[0]?.container}`
  const { generation } = (await manager.get<{ generation: number }>(path)).body
  return timed(async () => {
    await manager.send('POST', '/v1/release-all', {})
    for (;;) {
      const { body } = await manager.get<{ state: string; generation: number }>(path)
      if (body.generation > generation && body.state === 'ready') return
      await sleep(5)
    }
  })
}

/** Containers a second. */
async function releaseAll(pool: BenchPool): Promise<number> {
  const rates: number[] = []
  await inTurn(BATCHES, async (round) => {
    await pool.manager.reserve({ username: `all${round}`, count: pool.size })
    const ms = await timed(async () => {
      await pool.releaseAll()
      await pool.untilReady()
    })
    rates.push((pool.size / ms) * 1_000)
  })
  return median(rates)
}

async function rawBatches(lab: Lab, raw: RawPool): Promise<Best> {
  let all: RawContainer[] = []
  for (let nth = 1; nth <= SIZE; nth += 1) all.push(await raw.make(nth))
  await Promise.all(all.map(({ spec }) => untilGreeted(spec.port)))
  return fastest(CONCURRENCIES, async (concurrency) => {
    const made: RawContainer[] = []
    const rate = await ratePerSecond(all, concurrency, async (one) => made.push(await again(lab, one)))
    all = made
    return rate
  })
}
