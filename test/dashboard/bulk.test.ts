/** Bulk actions: a thousand reservations are released with one question, and each has its result. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const SIZE = 1_020
const SELECTED = 1_000
/** Maximum time in which a browser releases a thousand, on a busy machine with two cores. */
const RELEASE_MS = 180_000

const manager = await testDashboard('bulk', { engine: 'memory', size: SIZE })
const { person } = await openBrowser()

async function reserve(username: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let made = 0; made < count; made += 20) {
    const some = Array.from({ length: Math.min(20, count - made) }, () =>
      makeReservation(manager, { username, pool: manager.pool }),
    )
    ids.push(...(await Promise.all(some)).map(({ id }) => id))
  }
  return ids
}

const openCount = async (username: string) => {
  let count = 0
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${cursor}`
    const path = `/v1/reservations?state=waiting,preparing,active,ending&username=${username}&limit=500${after}`
    const { body }: { body: { reservations: unknown[]; next: string | null } } = await manager.get(path)
    count += body.reservations.length
    cursor = body.next
  }
  return count
}

const bar = (page: Page) => page.getByText(/^(None|[\d,]+) selected$/)

describe('all 1,000 that match', () => {
  it('are listed, then released, each with its result; refusals can be tried again', async (t) => {
    await reserve('others', 10)
    const ids = await reserve('bulk', SELECTED)
    const ada = await person({ url: manager.url })
    // The refusal that this test causes.
    ada.expects(/console error: Failed to load resource.* 409/)
    const page = await ada.open('/ui/reservations?username=bulk')
    await page.getByText('1,000 of 1,010 reservations').waitFor()

    // Only some rows are in the document, but all are counted.
    const grid = page.getByRole('grid', { name: 'Reservations' })
    assert.equal(await grid.getAttribute('aria-rowcount'), '1001')
    assert.ok((await grid.locator('tbody tr').count()) < 100)

    await page.getByRole('button', { name: 'Select all 1,000 that match' }).click()
    assert.equal(await bar(page).textContent(), '1,000 selected')
    const release = page.locator('main').getByRole('button', { name: 'Release …', exact: true })
    await page.evaluate('scrollTo(0, 0)')
    await release.first().click()
    const dialog = page.getByRole('dialog', { name: 'Release 1,000 reservations?' })
    assert.equal(await dialog.getByRole('list', { name: 'Affected' }).getByRole('listitem').count(), SELECTED)
    await dialog.getByText('1000 in use: 1,000 containers are destroyed').waitFor()
    await screenshot(page, 'bulk-question')

    // One of them is refused in place of the manager, which does not receive the request.
    const [refused] = ids
    const route = `**/v1/reservations/${refused}`
    const conflict = {
      type: '/docs/errors#conflict',
      title: 'Conflict',
      status: 409,
      code: 'conflict',
      detail: 'it is being extended',
    }
    await page.route(route, (call) =>
      call.request().method() === 'DELETE'
        ? call.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify(conflict) })
        : call.continue(),
    )
    const began = performance.now()
    await dialog.getByRole('button', { name: 'Release 1,000 reservations' }).click()

    const panel = page.getByRole('region', { name: 'Bulk actions' })
    await panel.getByText(/^[\d,]+ of 1,000 released/).waitFor()
    // It goes on while the page changes.
    await page.getByRole('link', { name: 'Usage' }).click()
    await panel.getByText('999 released, 1 refused', { exact: true }).waitFor({ timeout: RELEASE_MS })
    t.diagnostic(`released within ${((performance.now() - began) / 1000).toFixed(1)} s`)
    await panel.getByText('refused: it is being extended (conflict)').waitFor()
    await screenshot(page, 'bulk-result')
    assert.equal(await openCount('bulk'), 1)

    await page.unroute(route)
    await panel.getByRole('button', { name: 'Try the 1 again' }).click()
    await panel.getByText('1,000 released', { exact: true }).waitFor()
    assert.equal(await openCount('bulk'), 0)
    assert.equal(await openCount('others'), 10)
  })
})

describe('a table that changes under its reader', () => {
  it('keeps the focus and the scroll position', async () => {
    const ids = await reserve('steady', 300)
    const ada = await person({ url: manager.url })
    const page = await ada.open('/ui/reservations?username=steady&sort=created')
    await page.getByText('300 of 310 reservations').waitFor()
    const row = (id: string) => page.locator(`tr[data-id="${id}"]`)
    const focused = () => page.evaluate<string>('document.activeElement?.dataset?.id ?? document.activeElement.tagName')

    await row(ids[0] ?? '').focus()
    for (let pressed = 0; pressed < 8; pressed++) await page.keyboard.press('PageDown')
    const reached = await focused()
    const index = ids.indexOf(reached)
    assert.ok(index > 100, reached)
    const top = (await row(reached).boundingBox())?.y ?? 0
    const before = Number(await row(reached).getAttribute('aria-rowindex'))
    for (const id of ids.slice(0, 20)) await releaseReservation(manager, id)
    await page.getByText('280 of 290 reservations').waitFor()
    assert.equal(await focused(), reached)
    assert.equal(Number(await row(reached).getAttribute('aria-rowindex')), before - 20)
    const after = (await row(reached).boundingBox())?.y ?? 0
    assert.ok(Math.abs(after - top) <= 30, `moved from ${top} to ${after} px`)

    // The focused reservation ends: the row that takes its place gets the focus.
    await releaseReservation(manager, reached)
    await page.getByText('279 of 289 reservations').waitFor()
    await page.locator('tbody tr:focus').waitFor()
    assert.notEqual(await focused(), reached)
  })
})
