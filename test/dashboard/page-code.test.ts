/** Code of a page that cannot be loaded, as when a browser gives up its requests because the networks changed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'

const manager = await testDashboard('page-code', { engine: 'memory', size: 1 })
const { person } = await openBrowser()
const CODE = '**/assets/events-page-*.js'

describe('the code of a page', () => {
  it('is requested again', async () => {
    const ada = await person({ url: manager.url })
    ada.expects(/console error: Failed to load resource: net::ERR_CONNECTION_RESET/)
    const page = await ada.open()
    let failures = 0
    await page.route(CODE, (route) => {
      if (failures === 2) return route.continue()
      failures += 1
      return route.abort('connectionreset')
    })
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
    assert.equal(failures, 2)
  })

  it('leaves a problem in its place, and the other pages work', async () => {
    const ada = await person({ url: manager.url })
    ada.expects(/console error: Failed to load resource: net::ERR_CONNECTION_RESET/)
    ada.expects(/console error: .*Failed to fetch dynamically imported module/)
    const page = await ada.open()
    await page.route(CODE, (route) => route.abort('connectionreset'))
    await page.getByRole('link', { name: 'Events', exact: true }).click()
    await page.getByText('Berth could not show this page').waitFor()
    await page.getByRole('link', { name: 'Usage', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  })
})
