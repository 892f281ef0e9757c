/** The contract of engines with `lines`, which programs in containers send to the manager. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec } from '../../src/domain/container.ts'
import { eventually } from '../../lab/eventually.ts'
import type { EngineFixture } from './engine.ts'

/** A line that somebody listens to arrives within this time. */
const DELIVERED_MS = 500

export function linesContract(
  fixture: EngineFixture,
  started: (changes?: Partial<ContainerSpec>) => Promise<string>,
): void {
  const { engine } = fixture
  const { lines } = engine
  if (!lines) return

  it('delivers the lines of the containers that it listens to, each with its container', async () => {
    const [one, two] = [await started(), await started({ name: `${fixture.pool}-2`, port: fixture.ports[1] ?? 0 })]
    await engine.list()
    const heard: string[] = []
    const listen = (ids: readonly string[]) => lines.listen(ids, (id, line) => void heard.push(`${id} ${line}`))
    assert.deepEqual([await lines.hasRelay(one), await lines.hasRelay(two)], [true, true])
    listen([one])
    await eventually(async () => {
      await Promise.all([one, two].map((id) => fixture.send(id, 'first')))
      return heard.length > 0
    })
    assert.deepEqual(new Set(heard), new Set([`${one} first`]))
    listen([two])
    await eventually(async () => {
      await Promise.all([one, two].map((id) => fixture.send(id, 'second')))
      return heard.includes(`${two} second`)
    })
    assert.ok(!heard.includes(`${one} second`))
    listen([])
    const before = heard.length
    await fixture.send(two, 'third')
    await sleep(DELIVERED_MS)
    assert.deepEqual(heard.slice(before), [])
  })

  const { restartsWithFiles } = engine.traits
  it('listens again to a container that was restarted, if asked again', {
    skip: !restartsWithFiles && 'a killed container never starts again',
  }, async () => {
    const id = await started()
    await engine.list()
    const heard: string[] = []
    const hear = async (word: string) =>
      eventually(async () => {
        lines.listen([id], (_, line) => void heard.push(line))
        await fixture.send(id, word)
        return heard.includes(word)
      })
    await hear('before')
    await engine.kill(id)
    lines.listen([id], () => assert.fail('nothing is sent'))
    await engine.start(id)
    await hear('after')
    lines.listen([], () => undefined)
    await engine.kill(id)
    await engine.start(id)
    await fixture.send(id, 'never')
    await sleep(DELIVERED_MS)
    assert.ok(!heard.includes('never'))
  })
}
