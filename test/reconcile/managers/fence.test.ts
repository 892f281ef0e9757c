/** A manager that was frozen at work, and continues after the end of its lease. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pool } from '../../../lab/rows.ts'
import { createWorld } from '../../../lab/world.ts'

/** Longer than any lease. */
const FROZEN_MS = 60_000

/** Returns the calls to engine and accounts after the manager was frozen in its first call of `verb`. */
async function frozenIn(verb: string): Promise<string[]> {
  const later: string[] = []
  let isFrozen = false
  const world = await createWorld({
    pools: [pool({ size: 1 })],
    around: (name, port) =>
      name === 'store'
        ? port
        : new Proxy(port, {
            get(target, property) {
              const member: unknown = Reflect.get(target, property, target)
              if (typeof member !== 'function') return member
              return (...args: unknown[]) => {
                if (isFrozen) later.push(String(property))
                const answer: unknown = Reflect.apply(member, target, args)
                if (property === verb && !isFrozen) {
                  isFrozen = true
                  world.advance(FROZEN_MS)
                }
                return answer
              }
            },
          }),
  })
  await world.reconciler.tick()
  await world.reconciler.idle()
  assert.ok(isFrozen, `${verb} was not called`)
  return later
}

describe('a manager that was frozen for longer than its lease', () => {
  for (const verb of ['create', 'start', 'survey']) {
    it(`in ${verb}, changes nothing on the engine or inside containers before it leads again`, async () => {
      const writes = ['create', 'start', 'remove', 'survey', 'createAccounts', 'prepare']
      const later = await frozenIn(verb)
      assert.deepEqual(
        later.filter((each) => writes.includes(each)),
        [],
      )
    })
  }

  it('continues once it leads again', async () => {
    const world = await createWorld({ pools: [pool({ size: 1 })] })
    await world.reconciler.tick()
    world.advance(FROZEN_MS)
    await world.reconciler.idle()
    await world.settle()
    assert.deepEqual(await world.states(), ['p-1 ready 1'])
  })
})
