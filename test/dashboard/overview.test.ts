/** The overview: the state of a pool, its holders, and the same view in every browser. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'
import { formOpened, releaseEverything, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const SIZE = 10
/** A second on an idle machine. Here the browser and the manager share a slow one. */
const SOON_MS = 2_000
const manager = await testDashboard('overview', {
  engine: 'memory',
  size: SIZE,
  pool: { duration: { default: '60m', max: '70m' } },
})
// Before the check for faults, which ends the hooks when it fails.
afterEach(() => releaseEverything(manager))
const browser = await openBrowser()
const { url, pool } = manager

const tile = (page: Page, number: number) => page.locator(`[data-slot="${pool}-${number}"]`)
const tiles = (page: Page, state: string) => page.locator(`[data-slot][data-state="${state}"]`)
const sentence = (page: Page) => page.locator(`[data-pool="${pool}"] p`).first()

/** Returns how many milliseconds it takes until the locator is visible. */
async function untilVisible(locator: Locator): Promise<number> {
  const began = performance.now()
  await locator.waitFor()
  return performance.now() - began
}

/** Returns how many milliseconds it takes until nothing matches. */
async function untilGone(locator: Locator): Promise<number> {
  const began = performance.now()
  await locator.first().waitFor({ state: 'detached' })
  return performance.now() - began
}

describe('the overview', () => {
  it('shows every container, and that it is live, within a second of its address', async (t) => {
    const { page } = await browser.person({ url })
    // A first load, so that the start of the browser is not measured.
    await page.goto('/ui/')
    await tiles(page, 'ready')
      .nth(SIZE - 1)
      .waitFor()
    const began = performance.now()
    await page.goto('/')
    await tiles(page, 'ready')
      .nth(SIZE - 1)
      .waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    const ms = Math.round(performance.now() - began)
    t.diagnostic(`${ms} ms`)
    assert.equal(await tiles(page, 'ready').count(), SIZE)
    assert.match(page.url(), /\/ui\/$/)
    assert.ok(ms < SOON_MS, `${ms} ms`)
    await screenshot(page, 'overview-free')
  })

  it('reserves with two keys, and opens a terminal', async (t) => {
    const person = await browser.person({ url })
    const page = await person.open()
    await tiles(page, 'ready')
      .nth(SIZE - 1)
      .waitFor()
    const began = performance.now()
    await page.keyboard.press('r')
    await formOpened(page)
    await page.keyboard.press('Enter')
    await page.getByText(/^ssh -p \d+ user@/).waitFor()
    t.diagnostic(`${Math.round(performance.now() - began)} ms`)
    const password = await page.getByText('Shown only once').locator('xpath=..').locator('code').textContent()
    assert.match(password ?? '', /^\w{20}$/)
    await tile(page, 1).and(page.locator('[data-state="reserved"]')).waitFor()
    await page.locator('.xterm-screen').waitFor()
    await screenshot(page, 'reserved')
  })

  it('shows a new holder and a release_all in every browser within a second, without a reload', async (t) => {
    const [ada, ben] = await Promise.all([browser.person({ url }), browser.person({ url })])
    const pages = await Promise.all([ada.open(), ben.open()])
    await Promise.all(
      pages.map((page) =>
        tiles(page, 'ready')
          .nth(SIZE - 1)
          .waitFor(),
      ),
    )
    for (const page of pages) await page.evaluate('globalThis.wasNotReloaded = true')
    await manager.reserve({ username: 'alice', count: 2, pool })
    const reserved = await Promise.all(pages.map((page) => untilVisible(tile(page, 2).getByText('alice'))))
    await manager.get('/release_all')
    const released = await Promise.all(pages.map((page) => untilGone(tiles(page, 'reserved'))))
    await Promise.all(
      pages.map((page) =>
        tiles(page, 'ready')
          .nth(SIZE - 1)
          .waitFor(),
      ),
    )
    const figures = [...reserved, ...released].map(Math.round)
    t.diagnostic(`${figures.join(', ')} ms`)
    for (const page of pages) assert.equal(await page.evaluate('globalThis.wasNotReloaded'), true)
    assert.ok(
      figures.every((ms) => ms < SOON_MS),
      figures.join(),
    )
  })

  it('says in one sentence why no container is free, with the figures of the API', async () => {
    const person = await browser.person({ url })
    const page = await person.open()
    await manager.reserve({ username: 'alice', count: 4, duration: 30, pool })
    await manager.reserve({ username: 'bob', count: 6, duration: 4, pool })
    await manager.send('POST', '/v1/reservations', { username: 'carol', wait: '10m' })
    await page.getByText(/1 waiting for/).waitFor()
    const text = (await sentence(page).textContent()) ?? ''
    const { body } = await manager.get<{ available: string[]; reserved: string[] }>('/available')
    const { body: list } = await manager.get<{ reservations: { expires_at: string | null; username: string }[] }>(
      '/v1/reservations?state=active',
    )
    const ends = list.reservations.flatMap(({ expires_at: at }) => at ?? []).toSorted()
    const next = new Date(ends[0] ?? '').toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      timeZone: 'Europe/Zurich',
    })
    assert.match(text, new RegExp(`^${body.available.length} of ${SIZE} free\\. ${body.reserved.length} reserved\\.`))
    const [, at] = new RegExp(`Next free (${CLOCK_TEXT}) \\(in (?:4 min|3 min \\d\\d s)\\)\\.$`).exec(text) ?? []
    assert.equal(at?.slice(-next.length), next, text)
    assert.equal(await sentence(page).getAttribute('data-tone'), 'soon')
    await screenshot(page, 'overview-exhausted')
    await assertAccessible(page)
  })

  it('extends the focused slot with one key, and says why the end was limited', async () => {
    const person = await browser.person({ url })
    const page = await person.open()
    await manager.reserve({ username: 'alice', duration: 5, pool })
    await tile(page, 1).getByText('alice').waitFor()
    await tile(page, 1).focus()
    await page.keyboard.press('ArrowRight')
    await tile(page, 2).and(page.locator(':focus')).waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('e')
    await page.getByText(new RegExp(`^${pool}-1: until ${CLOCK_TEXT}$`)).waitFor()
    await tile(page, 1)
      .getByText(/^3[45] min$/)
      .waitFor()
    await page.keyboard.press('e')
    await tile(page, 1)
      .getByText(/^1 h 0[45] min$/)
      .waitFor()
    await page.keyboard.press('e')
    await page.getByRole('alert').waitFor()
    assert.match((await page.getByRole('alert').textContent()) ?? '', /is the maximum of pool/)
  })

  it('opens the page of a slot with Enter', async () => {
    const person = await browser.person({ url })
    const page = await person.open()
    await tile(page, 1).focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/ui/containers/${pool}-5`)
  })

  for (const [name, width, colorScheme] of [
    ['light', 1280, 'light'],
    ['dark', 1920, 'dark'],
    ['phone', 375, 'light'],
  ] as const) {
    it(`is accessible and cuts nothing off: ${name}, ${width} px`, async () => {
      const person = await browser.person({ url, width, colorScheme })
      const page = await person.open()
      await manager.reserve({ username: 'christopher-the-second', count: 3, duration: 60, pool })
      await tile(page, 3).getByText('christopher').waitFor()
      await tile(page, 3).click()
      await assertAccessible(page)
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
      await screenshot(page, `overview-${name}`, { fullPage: true })
    })
  }
})
