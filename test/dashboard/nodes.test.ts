/** The page of nodes, over an engine in memory that has some: a manager of its own process has one machine. */
import { it } from 'node:test'
import { dashboardFolder } from '../../src/dashboard-folder.ts'
import { ALPINE, listening, openApi } from '../../lab/api.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { assertNothingCutOff } from '../support/browser/cut-off.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

buildDashboard()
const { person } = await openBrowser()
const api = await openApi({
  pools: [{ ...ALPINE, size: 6, ports: ALPINE.ports.slice(0, 6) }],
  nodes: ['node-1', 'node-2', 'node-3'],
  access: () => ({ dashboard: dashboardFolder() }),
})
const { address: url } = await listening(api)

it('shows the nodes, and in words which are unreachable or cordoned and what they hold', async () => {
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username: 'alice', count: 3, duration: '1h' })
  await api.ask('POST', '/v1/reservations', json, body)
  const { host } = api.world
  host.nodes.setCordoned('node-2', true)
  host.lose('node-3')
  for (const width of [1280, 375]) {
    const ada = await person({ url, width, height: 900, colorScheme: 'light', touch: width < 600 })
    const page = await ada.open('/ui/nodes')
    await page.getByText('3 nodes').first().waitFor()
    const cordoned = page.getByRole('region', { name: 'Node node-2' })
    await cordoned.getByText(/^It is cordoned: no new containers/).waitFor()
    await cordoned.getByRole('link', { name: 'alice' }).waitFor()
    await cordoned.getByRole('link', { name: 'alpine-2' }).waitFor()
    const lost = page.getByRole('region', { name: 'Node node-3' })
    await lost.getByText(/^The engine has not reached it since \d\d:\d\d\. After a minute/).waitFor()
    await lost.getByRole('link', { name: 'alpine-3' }).waitFor()
    await screenshot(page, `cluster-nodes-${width}`)
    await assertAccessible(page)
    await assertNothingCutOff(page)
  }
})

it('says that the nodes could not be read, and shows them when the engine answers again', async () => {
  await api.engine('away')
  const ada = await person({ url })
  ada.expects(/503/)
  const page = await ada.open('/ui/nodes')
  await page.getByText('Berth could not load the nodes').waitFor()
  await screenshot(page, 'cluster-nodes-away')
  await api.engine('back')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('3 nodes').first().waitFor()
})
