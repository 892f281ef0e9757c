/** Trends: a link shows the same to a colleague, the figures are those of the API, and a point leads to its events. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { Series } from '../../src/client/client.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('trends', { engine: 'memory', size: 4 })
const browser = await openBrowser()
const { url, pool } = manager

// A history: three of four are in use, a reserve is refused. The counts of refusals are written by a stop.
await manager.get('/reserve?username=ada&count=3')
await manager.get('/reserve?username=ben&count=2')
await manager.interrupt()
await manager.start()
await manager.until('one is free', (rows) => rows.filter(({ state }) => state === 'ready').length === 1)
await manager.get('/reserve?username=cyd&count=1')

const figure = (page: Page, title: string) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

async function openTrends(page: Page, query = `from=now-1h&pool=${pool}`): Promise<Locator> {
  await page.goto(`/ui/trends?${query}`)
  const chart = figure(page, 'Occupancy').locator('.u-over')
  await chart.waitFor()
  return chart
}

/** Returns the rows of a chart's table, the latest first. */
async function rowsOf(page: Page, title: string): Promise<string[]> {
  const section = figure(page, title)
  await section.locator('summary').click()
  await section.locator('tbody tr').first().waitFor()
  return section.locator('tbody tr').allInnerTexts()
}

async function drag(page: Page, chart: Locator): Promise<void> {
  const box = await chart.boundingBox()
  assert.ok(box)
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.8, box.y + 30, { steps: 4 })
  await page.mouse.up()
}

describe('the page of trends', () => {
  it('shows the same to a colleague who opens the link, and what the API says', async () => {
    const [ada, ben] = await Promise.all([browser.person({ url }), browser.person({ url })])
    const now = new Date().toISOString()
    // A span that has ended: its figures do not move while the test compares them.
    const query = `from=now-1h&to=${now}&pool=${pool}`
    await Promise.all([openTrends(ada.page, query), openTrends(ben.page, query)])
    for (const title of ['Occupancy', 'Refusals']) {
      const [one, other] = await Promise.all([rowsOf(ada.page, title), rowsOf(ben.page, title)])
      assert.ok(one.length > 0, title)
      assert.deepEqual(one, other)
    }
    const { body } = await manager.get<Series>(`/v1/series?from=now-1h&pool=${pool}`)
    const refused = body.points.reduce((sum, { refusals }) => sum + (refusals['not_enough'] ?? 0), 0)
    assert.equal(refused, 1)
    assert.match(await figure(ada.page, 'Refusals').innerText(), /1 reserve was refused: 1 not_enough\./)
    const span = await ada.page.locator('p').filter({ hasText: 'No data before' }).innerText()
    assert.match(span, /No data before .*: the record of events begins there\./)
  })

  it('zooms where it is dragged over, and the back button returns', async () => {
    const { page } = await browser.person({ url })
    const chart = await openTrends(page)
    const before = page.url()
    await drag(page, chart)
    await page.waitForURL(/to=/)
    await page.getByText('zoomed', { exact: true }).waitFor()
    await page.goBack()
    assert.equal(page.url(), before)
    await page.getByText('Updates while this page is open.').waitFor()
  })

  it('leads from a point to the events of its time', async () => {
    const { page } = await browser.person({ url })
    const chart = await openTrends(page)
    const box = await chart.boundingBox()
    assert.ok(box)
    await chart.click({ position: { x: box.width - 4, y: 40 } })
    await page.waitForURL(/\/ui\/events\?from=.*&to=.*&pool=/)
    await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
    assert.equal(await page.getByLabel('Pool').first().inputValue(), pool)
  })

  it('is accessible on every screen, in light and dark, with open tables', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [375, 1920]) {
        const { page } = await browser.person({ url, colorScheme, width, height: 1_000, reducedMotion: true })
        await openTrends(page, 'from=now-1h')
        await screenshot(page, `trends-${colorScheme}-${width}`, { fullPage: true })
        for (const title of ['Occupancy', 'Recycling']) await figure(page, title).locator('summary').click()
        await assertAccessible(page)
        const beyond = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.equal(beyond, 0, `${width} px: nothing is cut off`)
      }
    }
  })
})
