/** A pool from nothing. */
import { runPlaybook } from '../test/support/ansible.ts'
import type { Group } from './lab.ts'
import { fastest, ratePerSecond, timed } from './measuring.ts'

const SIZE = 100
const BY_ANSIBLE = 30
const SWEEP = 24
const CONCURRENCIES = [2, 4, 6, 8]

export const provision: Group = {
  name: 'provision',
  about: `The manager fills a pool of ${SIZE}, from its start to every sshd having answered; \`just provision\` makes one of ${BY_ANSIBLE}. By
hand: create and start, without waiting for sshd, at the best concurrency of ${CONCURRENCIES.join(', ')}. The manager
does more for each: it waits for sshd, reads what is there, and prepares an account, so that a reserve takes no longer than above.`,
  async *measure(lab) {
    await using raw = await lab.openRaw()
    const numbers = (count: number) => Array.from({ length: count }, (_, nth) => nth)
    const best = await fastest(CONCURRENCIES, async (concurrency) => {
      const rate = await ratePerSecond(numbers(SWEEP), concurrency, (nth) => raw.make(nth))
      await raw.removeAll()
      return rate
    })
    const byHand = await ratePerSecond(numbers(SIZE), best.concurrency, (nth) => raw.make(nth))
    await raw.removeAll()

    const what = `${SIZE} by hand, ${best.concurrency} at once`
    {
      await using pool = lab.openPool({ size: SIZE })
      const ms = await timed(() => pool.fill())
      yield {
        ...{
          what: `the manager makes ${SIZE}`,
          value: (SIZE / ms) * 1_000,
          unit: '/s',
          how: `in ${Math.round(ms / 1_000)} s`,
        },
        limit: { what, value: byHand, unit: '/s' },
        target: { of: 'limit', is: 'at least', than: 0.8 },
      }
    }
    await using pool = lab.openPool({ size: BY_ANSIBLE })
    const seconds = (await timed(() => runPlaybook('provision', pool.config))) / 1_000
    yield {
      ...{ what: `\`just provision\` makes ${BY_ANSIBLE}`, value: seconds, unit: 's', how: '' },
      limit: { what: 'as many by hand, at that rate', value: BY_ANSIBLE / byHand, unit: 's' },
      target: { of: 'limit', is: 'at most', than: 3 },
    }
  },
}
