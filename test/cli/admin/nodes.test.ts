/** `berth nodes`, against the API over an engine in memory. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ALPINE, listening, openApi } from '../../../lab/api.ts'
import { testBerth } from '../../support/manager/berth.ts'

const berth = testBerth()

async function serving(nodes: readonly string[]) {
  const api = await openApi({ pools: [{ ...ALPINE, size: 2, ports: ALPINE.ports.slice(0, 2) }], nodes })
  const { address } = await listening(api)
  return { api, run: (...args: string[]) => berth.runWith({ env: { BERTH_URL: address } }, ...args) }
}

it('berth nodes shows the nodes, and what unreachable and cordoned ones hold', async () => {
  const { api, run } = await serving(['n1', 'n2'])
  const body = JSON.stringify({ username: 'alice', count: 2, duration: '1h' })
  const answer = await api.ask('POST', '/v1/reservations', { 'content-type': 'application/json' }, body)
  const { id } = JSON.parse(answer.text) as { id: string }
  const lines = async () => (await run('nodes')).stdout.trimEnd().split('\n')
  const titles = 'NODE  STATE      READY  RESERVED  OTHERS  ROOM  LABELS'
  assert.deepEqual(await lines(), [titles, 'n1    reachable      0         1', 'n2    reachable      0         1'])

  api.world.host.nodes.setCordoned('n2', true)
  const [, , second, gap, heading, held, ...rest] = await lines()
  assert.equal(second, 'n2    reachable, cordoned      0         1')
  assert.equal(gap, '')
  assert.match(heading ?? '', /^HELD ON {2}RESERVATION {2}OWNER {3}ACCOUNT +LEFT {2}CONTAINERS$/)
  assert.match(held ?? '', new RegExp(`^n2 +${id.slice(0, 8)} +anyone +alice .* alpine-2$`))
  assert.deepEqual(rest, [])

  api.world.host.lose('n1')
  assert.match((await lines())[1] ?? '', /^n1 +unreachable for \d/)

  const { nodes } = JSON.parse((await run('--json', 'nodes')).stdout) as { nodes: { name: string }[] }
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['n1', 'n2'],
  )
})

it('berth nodes says that the engine is one machine', async () => {
  const { run } = await serving([])
  assert.equal((await run('nodes')).stdout, 'The engine is one machine, so there are no nodes to list.\n')
  assert.deepEqual(JSON.parse((await run('--json', 'nodes')).stdout), { cluster: false, nodes: [] })
})
