/** A pool of a thousand on the overview. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'
import { mainThreadTasks } from '../support/browser/main-thread.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const SIZE = 1_000
/** The memory engine opens none of them. */
const PORTS = '30000-30999'
const manager = await testDashboard('large', { engine: 'memory', size: SIZE, pool: { ssh_ports: PORTS } })
const browser = await openBrowser()
const { url } = manager

const MAX_FRAME_MS = 50

const countOf = (page: Page, state: string) => page.locator(`[data-slot][data-state="${state}"]`).count()

async function untilAll(page: Page, state: string): Promise<void> {
  await page
    .locator(`[data-slot][data-state="${state}"]`)
    .nth(SIZE - 1)
    .waitFor()
}

describe('a pool of a thousand', () => {
  it('is on one screen of 1280×800, in rows of fifty', async () => {
    const person = await browser.person({ url })
    const page = await person.open()
    await untilAll(page, 'ready')
    const rows = page.locator('[role="row"]')
    assert.equal(await rows.count(), 20)
    assert.equal(await rows.first().locator('[data-slot]').count(), 50)
    const box = await page.getByRole('grid').boundingBox()
    assert.ok(box && box.x + box.width <= 1_280 && box.y + box.height <= 800, JSON.stringify(box))
    await assertAccessible(page)
    await screenshot(page, 'thousand')
  })

  for (const width of [375, 1_920]) {
    it(`is not cut off at ${width} px`, async () => {
      const person = await browser.person({ url, width })
      const page = await person.open()
      await untilAll(page, 'ready')
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
    })
  }

  it(`changes a thousand states in a second without a frame of more than ${MAX_FRAME_MS} ms`, async (t) => {
    const person = await browser.person({ url })
    const page = await person.open()
    await untilAll(page, 'ready')
    const tasks = await mainThreadTasks(page)
    await manager.send('POST', '/v1/reservations', { count: SIZE, username: 'all' })
    await untilAll(page, 'reserved')
    await manager.send('POST', '/v1/release-all', {})
    await page.locator('[data-slot][data-state="reserved"]').first().waitFor({ state: 'detached' })
    await page.waitForTimeout(1_000)
    const longest = (await tasks.stop()).slice(0, 5)
    t.diagnostic(`longest tasks: ${longest.map((ms) => ms.toFixed(1)).join(', ')} ms`)
    assert.ok((longest[0] ?? 0) <= MAX_FRAME_MS, longest.join())
    assert.equal(await countOf(page, 'reserved'), 0)
  })
})
