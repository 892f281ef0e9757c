/** Lists: filters and order in the URL, the keyboard, a phone, ended reservations, events as they happen. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser/browser.ts'
import { cutCells } from '../support/browser/cut-off.ts'
import { makeReservation, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('lists', { engine: 'memory', poolName: 'alpine', size: 30 })
const { person } = await openBrowser()

const idsOf = (page: Page, selector: string) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('${selector}')].map((row) => row.dataset.id)`)
const names = (page: Page) => idsOf(page, 'tbody tr')
const focused = (page: Page) => page.evaluate<string>('document.activeElement?.dataset?.id')
const release = (id: string) => releaseReservation(manager, id)

async function reserve(username: string, some: object = {}): Promise<string> {
  return (await makeReservation(manager, { username, ...some })).id
}

describe('a list', () => {
  it('has its filter and its order in the URL, so that a link shows the same', async () => {
    const first = await person({ url: manager.url })
    const page = await first.open('/ui/containers')
    await page.getByText('30 containers').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type(`${manager.pool}-2`)
    await page.getByText('11 of 30 containers').waitFor()
    await page.getByRole('button', { name: 'Container', exact: true }).click()
    await page.getByRole('button', { name: 'Container', exact: true }).click()
    await page.waitForURL(/q=.*-2&sort=-name/)
    const shown = await names(page)
    assert.equal(shown[0], `${manager.pool}-29`)
    const other = await (await person({ url: manager.url })).open(page.url().slice(manager.url.length))
    await other.getByText('11 of 30 containers').waitFor()
    assert.deepEqual(await names(other), shown)
    await other.getByLabel('State').selectOption('ready')
    await other.getByRole('button', { name: 'Clear the filter' }).click()
    await other.getByText('30 containers').waitFor()
    await other.keyboard.press('/')
    await other.keyboard.type('nothing at all')
    await other.getByText('No container matches the filter.').waitFor()
  })

  it('shows who holds what until when in a window of 1280 px', async () => {
    const id = await reserve('montgomery', { count: 5, duration: '1d' })
    // Its times are the longest.
    const ada = await person({ url: manager.url, locale: 'en-US' })
    const page = await ada.open('/ui/reservations?username=montgomery')
    await page.getByText(/ · until /).waitFor()
    await screenshot(page, 'reservations-1280')
    assert.deepEqual(await cutCells(page), [])
    await page.goto('/ui/containers?q=montgomery')
    await page
      .getByText(/ · until /)
      .first()
      .waitFor()
    await screenshot(page, 'containers-1280')
    assert.deepEqual(await cutCells(page), [])
    await release(id)
  })

  it('says which values in the URL are not known', async () => {
    const page = await (await person({ url: manager.url })).open('/ui/events?kind=foo&from=garbage')
    const alerts = page.getByRole('search', { name: 'Events' }).getByRole('alert')
    await alerts.getByText('There is no kind "foo" of events').waitFor()
    await alerts.getByText('from must be a time such as 2026-11-29').waitFor()
    assert.equal(await page.getByLabel('Kind', { exact: true }).inputValue(), 'foo')
    await screenshot(page, 'events-bad-filter')
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await alerts.first().waitFor({ state: 'detached' })
  })

  it('works with the keyboard alone', async () => {
    const page = await (await person({ url: manager.url })).open('/ui/containers')
    await page.getByText('30 containers').waitFor()
    await page.locator('tbody tr').first().focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('x')
    await page.keyboard.press('Shift+ArrowDown')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('3 selected').waitFor()
    const ids = await idsOf(page, 'tr[aria-selected="true"]')
    assert.deepEqual(ids, (await names(page)).slice(1, 4))
    await page.keyboard.press('Control+a')
    await page.getByText('30 selected').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('None selected').waitFor()
    await page.keyboard.press('End')
    assert.equal(await focused(page), `${manager.pool}-30`)
    // The actions of the row come next.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/ui/containers/${manager.pool}-30`)
  })

  it('becomes cards with one menu on a phone', async () => {
    const id = await reserve('phone')
    const ada = await person({ url: manager.url, width: 375, height: 812, touch: true })
    const page = await ada.open('/ui/reservations?username=phone')
    const card = page.locator(`tr[data-id="${id}"]`)
    await card.getByText('active').waitFor()
    const width = await page.evaluate<number>('document.documentElement.scrollWidth')
    assert.equal(width, 375)
    await screenshot(page, 'reservations-phone')
    await card.getByRole('button', { name: 'Actions of phone' }).tap()
    await page.getByRole('menuitem', { name: 'Release …' }).tap()
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).tap()
    await card.waitFor({ state: 'detached' })
  })
})

describe('reservations', () => {
  it('that have ended are read in pages, and the page says how many', async () => {
    for (let made = 0; made < 205; made++) await release(await reserve('past'))
    const page = await (await person({ url: manager.url })).open('/ui/reservations?state=ended&username=past')
    await page.getByText('The latest 200 ended reservations are loaded.').waitFor()
    await page.getByText('200 of 200 reservations').waitFor()
    await page.getByRole('button', { name: 'Load older ones' }).click()
    await page.getByText('All 205 matching ended reservations that are kept are loaded.').waitFor()

    // A problem is shown, and kept behind a button of the header.
    await page.getByRole('button', { name: 'Select all 205 that match' }).click()
    await page.locator('main').getByRole('button', { name: 'Release …', exact: true }).first().click()
    const alert = page.getByRole('alert').filter({ hasText: 'Nothing was released' })
    await alert.getByRole('button', { name: 'Close the message' }).click()
    await alert.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '1 problem' }).click()
    await page.getByRole('dialog').getByText('All selected reservations are ending or have ended.').waitFor()
  })

  it('have a page with the access, and later with the reason of the end', async () => {
    const id = await reserve('alice', { count: 2, note: 'run https://ci.example.org/runs/7' })
    const page = await (await person({ url: manager.url })).open(`/ui/reservations/${id}`)
    const access = page.getByRole('region', { name: 'Access' })
    await access.waitFor()
    assert.equal(await access.getByText(/^ssh -p \d+ alice@localhost$/).count(), 2)
    assert.equal(
      await page.getByRole('link', { name: 'https://ci.example.org/runs/7' }).getAttribute('rel'),
      'noopener noreferrer',
    )
    await page.getByText('60 min · until').or(page.getByText('59 min · until')).waitFor()
    await page.keyboard.press('e')
    await page
      .getByText(/1 h (29|30) min · until|1 h 30 min/)
      .first()
      .waitFor()
    await screenshot(page, 'reservation')
    await page.getByRole('button', { name: 'Release …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await page.getByText('It was released before it expired.').waitFor()
    await access.waitFor({ state: 'detached' })
  })
})

describe('events', () => {
  it('appear as they happen, are held back while the reader is further down, and can be searched by time', async () => {
    const page = await (await person({ url: manager.url })).open('/ui/events')
    await page.getByText(/^\d+ events$/).waitFor()
    const id = await reserve('reader')
    await page.getByText('reader can log in to').first().waitFor({ timeout: 2_000 })
    await page.mouse.wheel(0, 2_000)
    await page.getByRole('button', { name: 'Resume' }).waitFor()
    const before = await names(page)
    await release(id)
    await page.getByRole('button', { name: /^Show \d+ new$/ }).waitFor()
    assert.deepEqual((await names(page)).slice(0, 1), before.slice(0, 1))
    await page.getByRole('button', { name: /^Show \d+ new$/ }).click()
    await page
      .getByText(/reservation of reader .* has ended/)
      .first()
      .waitFor()

    await page.getByLabel('Kind').selectOption('reservation.ended')
    await page.getByText(`berth --url ${manager.url} events -f --limit 200 --kind reservation.ended`).waitFor()
    const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000 + 60_000).toISOString()
    await page.goto(`/ui/events?kind=reservation.ended&to=${minute}&from=now-1h`)
    await page.getByText('All matching events of that time that are kept.').waitFor()
    await page
      .getByText(/reservation of reader .* has ended/)
      .first()
      .waitFor()
    await page.goto('/ui/events?from=2020-01-01&to=2020-01-02')
    await page.getByText('No events match.').waitFor()
  })
})
