/** A pool from nothing. */
import { runPlaybook } from '../../lab/ansible.ts'
import type { BenchPool, Group, Lab } from '../session.ts'
import { fastest, ratePerSecond, timed } from '../measuring.ts'

const SIZE = 100
const BY_ANSIBLE = 30
const SWEEP = 24
/** Made by hand before and after: the machine is not as fast at all times. */
const HALF = 50
const CONCURRENCIES = [2, 4, 6, 8]

export const provision: Group = {
  name: 'provision',
  about: `The manager fills a pool of ${SIZE}, from its start to every sshd having answered; \`just provision\` makes one of ${BY_ANSIBLE}. By
hand: create and start, without waiting for sshd, at the best concurrency of ${CONCURRENCIES.join(', ')}; ${HALF} before each of the
two and ${HALF} after it. The manager does more for each: it waits for sshd, reads what is there, and prepares an account, so that a
reserve takes no longer than above.`,
  async *measure(lab) {
    await using raw = await lab.openRaw()
    const numbers = (count: number) => Array.from({ length: count }, (_, nth) => nth)
    const byHand = async (count: number, concurrency: number) => {
      const rate = await ratePerSecond(numbers(count), concurrency, (nth) => raw.make(nth))
      await raw.removeAll()
      return rate
    }
    const { concurrency } = await fastest(CONCURRENCIES, (some) => byHand(SWEEP, some))
    const before = await byHand(HALF, concurrency)
    const ms = await timePool(lab, SIZE, (pool) => pool.fill())
    const between = await byHand(HALF, concurrency)
    const seconds = (await timePool(lab, BY_ANSIBLE, (pool) => runPlaybook('provision', pool.config))) / 1_000
    const after = await byHand(HALF, concurrency)

    yield {
      what: `the manager makes ${SIZE}`,
      value: (SIZE / ms) * 1_000,
      unit: '/s',
      how: `in ${Math.round(ms / 1_000)} s`,
      limit: { what: `by hand, ${concurrency} at once`, value: (before + between) / 2, unit: '/s' },
      target: { of: 'limit', is: 'at least', than: 0.8 },
    }
    yield {
      what: `\`just provision\` makes ${BY_ANSIBLE}`,
      value: seconds,
      unit: 's',
      how: '',
      limit: { what: 'as many by hand, at its rate', value: BY_ANSIBLE / ((between + after) / 2), unit: 's' },
      target: { of: 'limit', is: 'at most', than: 3 },
    }
  },
}

/** Milliseconds. */
async function timePool(lab: Lab, size: number, work: (pool: BenchPool) => Promise<unknown>): Promise<number> {
  await using pool = lab.openPool({ size })
  return await timed(() => work(pool))
}
