/** The dashboard with the keyboard alone: no test here uses the mouse or moves the focus without a key. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, releaseEverything, testDashboard } from '../support/browser/dashboard.ts'

const SIZE = 12
const manager = await testDashboard('keys', { engine: 'memory', size: SIZE })
afterEach(() => releaseEverything(manager))
const browser = await openBrowser()
const { url, pool } = manager

/** Maximum number of Tab presses to an element. The longest page has fewer stops before its main part. */
const MAX_TABS = 60

const FOCUSED = 'document.activeElement.outerHTML.slice(0, 300)'

const tile = (page: Page, number: number) => page.locator(`[data-slot="${pool}-${number}"]`)
const isFocused = async (element: Locator) => (await element.and(element.page().locator(':focus')).count()) > 0
const untilFocused = async (element: Locator) => {
  const page = element.page()
  await element
    .and(page.locator(':focus'))
    .waitFor()
    .catch(async () => assert.fail(`${element} does not have the focus, but ${await page.evaluate(FOCUSED)}`))
}

async function openOverview(): Promise<Page> {
  const person = await browser.person({ url })
  const page = await person.open()
  await page.evaluate(`addEventListener('pointerdown', () => { globalThis.pointerWasUsed = true }, true)`)
  await tile(page, SIZE).and(page.locator('[data-state="ready"]')).waitFor()
  return page
}

async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key)
}

/** Presses Tab until an element has the focus. */
async function tabTo(element: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await element.waitFor()
  for (let tabs = 0; tabs < MAX_TABS; tabs++) {
    if (await isFocused(element)) return
    await element.page().keyboard.press(key)
  }
  assert.fail(`${key} does not reach ${element}`)
}

async function reserve(count: number): Promise<void> {
  for (let number = 1; number <= count; number++) {
    await makeReservation(manager, { username: `user${number}` })
  }
}

const openReservations = async () => {
  const { body } = await manager.get<{ reservations: { username: string; expires_at: string; active_at: string }[] }>(
    '/v1/reservations?state=active',
  )
  return body.reservations
}

/** Answers a question: Tab leads from the safe button, which has the focus, to the other one. */
async function agree(page: Page, title: string | RegExp): Promise<void> {
  await untilFocused(page.getByRole('dialog', { name: title }).getByRole('button', { name: 'Cancel' }))
  await press(page, 'Tab', 'Enter')
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true, level: 1 })

describe('with the keyboard alone', () => {
  it('reserves, types in the terminal, leaves it, extends, and releases', async () => {
    const page = await openOverview()
    await press(page, 'r')
    await untilFocused(page.getByLabel('Count', { exact: true }))
    await press(page, 'Enter')
    await untilFocused(page.locator('.xterm-helper-textarea'))
    await page.locator('.xterm-rows').filter({ hasText: '$' }).waitFor()
    await page.keyboard.type('whoami\n')
    await page
      .locator('.xterm-rows')
      .filter({ hasText: /whoami\s*user\s*\$/ })
      .waitFor()

    await press(page, 'F6')
    await untilFocused(page.getByRole('button', { name: 'Screen reader' }))
    await press(page, 'F6')
    await untilFocused(page.locator('#main'))
    await press(page, 'e')
    await eventually(async () => {
      const [one] = await openReservations()
      return one !== undefined && Date.parse(one.expires_at) - Date.parse(one.active_at) === 90 * 60_000
    })

    await tabTo(page.getByRole('region', { name: 'Your reservations' }).getByRole('button', { name: /^Release/ }))
    await press(page, 'Enter')
    await agree(page, 'Release this reservation?')
    await page.getByText('You have no reservations.').waitFor()
    // The button that had the focus has disappeared. The focus does not go to the top of the page.
    await untilFocused(page.getByRole('region', { name: 'Your reservations' }))
    assert.equal(await page.evaluate('globalThis.pointerWasUsed'), undefined)
  })

  it('moves over the map, opens a slot, selects some, and releases them after a question', async () => {
    await reserve(4)
    const page = await openOverview()
    await tabTo(tile(page, 1))
    await press(page, 'ArrowRight', 'ArrowRight', 'ArrowLeft')
    await untilFocused(tile(page, 2))
    await press(page, 'Control+End')
    await untilFocused(tile(page, SIZE))
    await press(page, 'Enter')
    await heading(page, `${pool}-${SIZE}`).waitFor()
    await press(page, 'g', 'o')
    await tabTo(tile(page, 1))
    await press(page, 'x', 'Shift+ArrowRight')
    await page.getByText('2 selected, 2 reservations to release').waitFor()
    await tabTo(page.getByRole('button', { name: 'Release …' }), 'Shift+Tab')
    await press(page, 'Enter')
    const dialog = page.getByRole('dialog', { name: 'Release 2 reservations?' })
    assert.deepEqual(await dialog.getByRole('listitem').allTextContents(), [`${pool}-1 (user1)`, `${pool}-2 (user2)`])
    await agree(page, 'Release 2 reservations?')
    await tile(page, 1).and(page.locator('[data-state="ready"]')).waitFor()
    await tile(page, 2).and(page.locator('[data-state="ready"]')).waitFor()
    await untilFocused(page.getByRole('region', { name: `Pool ${pool}` }))
    assert.deepEqual((await openReservations()).map(({ username }) => username).toSorted(), ['user3', 'user4'])
    assert.equal(await page.evaluate('globalThis.pointerWasUsed'), undefined)
  })

  it('filters a list, selects rows, and releases them in bulk', async () => {
    await reserve(5)
    const page = await openOverview()
    await press(page, 'g', 'r')
    await heading(page, 'Reservations').waitFor()
    await press(page, '/')
    await untilFocused(page.getByLabel('Filter'))
    // Single letters of shortcuts are text in a field.
    await page.keyboard.type('user')
    await page.getByText('5 of 5 reservations').waitFor()
    await tabTo(page.locator('tbody tr').first())
    await press(page, 'x', 'Shift+ArrowDown', 'Shift+ArrowDown')
    await page.getByText('3 selected').waitFor()
    const bulk = page.locator('main').getByRole('button', { name: 'Release …', exact: true })
    await tabTo(bulk.first(), 'Shift+Tab')
    await press(page, 'Enter')
    await agree(page, 'Release 3 reservations?')
    await page.getByRole('region', { name: 'Bulk actions' }).getByText('3 released', { exact: true }).waitFor()
    assert.equal((await openReservations()).length, 2)
    assert.equal(await page.evaluate('globalThis.pointerWasUsed'), undefined)
  })

  it('finds a container in the palette, every page by two letters, and the list of keys', async () => {
    const page = await openOverview()
    await press(page, 'Control+k')
    await untilFocused(page.getByRole('combobox', { name: /^Search/ }))
    await page.keyboard.type(`${pool}-7`)
    await page
      .getByRole('option', { name: `${pool}-7` })
      .and(page.locator('[aria-selected=true]'))
      .waitFor()
    await press(page, 'Enter')
    await heading(page, `${pool}-7`).waitFor()
    await untilFocused(page.locator('#main'))
    for (const [letter, name] of [
      ['o', 'Overview'],
      ['r', 'Reservations'],
      ['c', 'Containers'],
      ['t', 'Trends'],
      ['u', 'Usage'],
      ['e', 'Events'],
      ['k', 'Tokens'],
      ['s', 'Sessions'],
      ['m', 'Me and settings'],
    ] as const) {
      await press(page, 'g', letter)
      await heading(page, name).waitFor()
    }
    await press(page, '?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await help.getByText('Leave a terminal').waitFor()
    await help.getByText('Go to Containers').waitFor()
    await press(page, 'Escape')
    await help.waitFor({ state: 'detached' })
    assert.equal(await page.evaluate('globalThis.pointerWasUsed'), undefined)
  })

  it('switches single letters off; they never act in fields', async () => {
    const page = await openOverview()
    const drawer = page.getByRole('dialog')
    await press(page, 'g', 'c')
    await page.getByText(`${SIZE} containers`).waitFor()
    await press(page, '/')
    await untilFocused(page.getByLabel('Filter'))
    await page.keyboard.type('r?gtex/')
    assert.equal(await page.getByLabel('Filter').inputValue(), 'r?gtex/')
    assert.equal(await drawer.count(), 0)
    await press(page, 'Control+a', 'Delete')
    await tabTo(page.locator('tbody tr').first())
    await press(page, 'g', 'm')
    const single = page.getByRole('switch', { name: /^Single-letter shortcuts/ })
    await tabTo(single)
    await press(page, 'Space')
    assert.equal(await single.isChecked(), false)
    await press(page, 'r', '?', 'g', 'c')
    await page.waitForTimeout(300)
    assert.equal(await drawer.count(), 0)
    await heading(page, 'Me and settings').waitFor()
    // Keys with Ctrl still act, and the setting survives a reload.
    await page.reload()
    await heading(page, 'Me and settings').waitFor()
    await press(page, 'r', 'Control+k')
    await untilFocused(page.getByRole('combobox', { name: /^Search/ }))
    assert.match(page.url(), /\/ui\/me$/)
  })
})
