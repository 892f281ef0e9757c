/** Where the focus is after dialogs, closed terminals and links, and what the key e extends with several warnings. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, releaseEverything, testDashboard } from '../support/browser/dashboard.ts'

const manager = await testDashboard('focus', { engine: 'memory', size: 6 })
afterEach(() => releaseEverything(manager))
const { person } = await openBrowser()
const { url } = manager

interface Held {
  readonly id: string
  readonly container: string
}

async function reserve(username: string, duration = '60m'): Promise<Held> {
  const { id, containers } = await makeReservation(manager, { username, duration })
  return { id, container: containers[0]?.name ?? '' }
}

async function reservation({ id }: Held): Promise<{ state: string; seconds: number }> {
  const { body } = await manager.get<{ state: string; active_at: string; expires_at: string }>(`/v1/reservations/${id}`)
  return { state: body.state, seconds: (Date.parse(body.expires_at) - Date.parse(body.active_at)) / 1_000 }
}

const tile = (page: Page, { container }: Held) => page.locator(`[data-slot="${container}"]`)
const focused = (page: Page) => page.locator(':focus')

/** Opens a terminal with the key t at a tile, and waits for its prompt. */
async function openTerminal(page: Page, held: Held): Promise<void> {
  await tile(page, held).and(page.locator('[data-state="reserved"]')).focus()
  await page.keyboard.press('t')
  const terminal = page.getByRole('tabpanel', { name: held.container })
  await terminal.locator('.xterm-rows').filter({ hasText: '$' }).waitFor()
}

describe('a confirmation', () => {
  it('begins on the safe button, and a second question waits for the answer to the first', async () => {
    const ada = await reserve('ada')
    const ben = await reserve('ben')
    const page = await (await person({ url })).open()
    const mine = page.getByRole('region', { name: 'Your reservations' })
    await mine
      .getByRole('button', { name: /^Release / })
      .nth(1)
      .waitFor()
    await page.evaluate(
      `for (const { container } of ${JSON.stringify([ada, ben])})
        document.querySelector('button[aria-label="Release ' + container + '"]').click()`,
    )
    const dialog = page.getByRole('dialog', { name: 'Release this reservation?' })
    const cancel = dialog.getByRole('button', { name: 'Cancel' })
    await dialog.getByText(`${ada.container} (ada)`).waitFor()
    await cancel.and(focused(page)).waitFor()
    await page.keyboard.press('Enter')
    await dialog.getByText(`${ben.container} (ben)`).waitFor()
    await cancel.and(focused(page)).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText(`${ben.container}: released`).waitFor()
    await dialog.waitFor({ state: 'detached' })
    assert.equal((await reservation(ada)).state, 'active')
  })
})

describe('the dock', () => {
  it('focuses the next tab after Delete, and after the last tab the element that had the focus before', async () => {
    const ada = await reserve('ada')
    const ben = await reserve('ben')
    const page = await (await person({ url })).open()
    await openTerminal(page, ada)
    await openTerminal(page, ben)
    const tab = ({ container }: Held) => page.getByRole('tab', { name: container })
    await tab(ben).focus()
    for (const held of [ben, ada]) {
      await tab(held).and(focused(page)).waitFor()
      await page.keyboard.press('Delete')
      const dialog = page.getByRole('dialog', { name: `End the shell in ${held.container}?` })
      await dialog.getByRole('button', { name: 'Cancel' }).and(focused(page)).waitFor()
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await tab(held).waitFor({ state: 'detached' })
    }
    await tile(page, ben).and(focused(page)).waitFor()
  })

  it('does not take the focus from a field while it shows the target of a link', async () => {
    const ada = await reserve('ada')
    const page = await (await person({ url })).open()
    await openTerminal(page, ada)
    await page.keyboard.type('https://example.org/a-link ')
    const line = page.locator('.xterm-rows > div').filter({ hasText: 'https://example.org' })
    const box = (await line.boundingBox()) ?? assert.fail('no link')
    await page.mouse.click(box.x + 60, box.y + box.height / 2)
    await page.getByRole('link', { name: 'https://example.org/a-link' }).and(focused(page)).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { name: 'Containers', exact: true }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('typed')
    const read = page.waitForResponse(/\/v1\/reservations/)
    await manager.send('PATCH', `/v1/reservations/${ada.id}`, { extend: '5m' })
    await read
    // When the terminal has rendered again.
    await page.waitForTimeout(500)
    await page.keyboard.type(' elsewhere')
    assert.equal(await page.getByLabel('Filter').inputValue(), 'typed elsewhere')
  })
})

describe('the menu of the dock', () => {
  it('lists the terminals of other windows as they are when it is opened', async () => {
    const ada = await reserve('ada')
    const ben = await reserve('ben')
    const page = await (await person({ url })).open()
    await openTerminal(page, ada)
    const other = await (await person({ url })).open()
    await openTerminal(other, ben)
    await page.getByRole('button', { name: 'Open or end a terminal' }).click()
    const item = page.getByRole('menuitem', { name: `Continue ${ben.container}` })
    await item.filter({ hasText: 'shown in another window' }).waitFor()
    await page.keyboard.press('Escape')
    await item.waitFor({ state: 'detached' })
    await other.close()
    await eventually(async () => {
      const { body } = await manager.get<{ terminals: { container: string; viewers: number }[] }>('/v1/terminals')
      return body.terminals.some(({ container, viewers }) => container === ben.container && viewers === 0)
    })
    await page.getByRole('button', { name: 'Open or end a terminal' }).click()
    await item.filter({ hasNotText: 'shown in another window' }).waitFor()
  })
})

describe('warnings of several reservations', () => {
  it('have the next end at the bottom; e extends that reservation, or the one with the focus', async () => {
    const long = await reserve('long')
    const third = await reserve('third', '68s')
    const first = await reserve('first', '64s')
    const second = await reserve('second', '66s')
    const ada = await person({ url })
    // The dock grows at its top with each warning, and three appear at once here.
    ada.allows(/layout shift/)
    const page = await ada.open()
    for (const held of [third, first, second]) await openTerminal(page, held)
    const buttons = page.getByRole('button', { name: /^Extend by 30 min: / })
    await buttons.nth(2).waitFor()
    const extend = ({ container }: Held) => page.getByRole('button', { name: `Extend by 30 min: ${container}` })
    assert.deepEqual(
      await Promise.all((await buttons.all()).map((button) => button.getAttribute('aria-label'))),
      [third, second, first].map(({ container }) => `Extend by 30 min: ${container}`),
    )
    assert.match(await page.title(), /^⚠ \d+ s · Overview · Berth$/)

    // The map extends the slot with the focus.
    await tile(page, long).focus()
    await page.keyboard.press('e')
    await page.getByText(new RegExp(`^${long.container}: until`)).waitFor()
    assert.equal((await reservation(long)).seconds, 90 * 60)

    await page.locator('#main').focus()
    await page.keyboard.press('?')
    await page.getByText(`Extend ${first.container}, which ends first, by 30 min`).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('e')
    await extend(first).waitFor({ state: 'detached' })
    assert.equal((await reservation(first)).seconds, 30 * 60 + 64)

    await extend(third).focus()
    await page.keyboard.press('e')
    await extend(third).waitFor({ state: 'detached' })
    assert.equal((await reservation(second)).seconds, 66)
    assert.equal((await reservation(third)).seconds, 30 * 60 + 68)

    // A page that is opened sets its own title.
    await page.getByRole('link', { name: 'Containers', exact: true }).click()
    await eventually(async () => /^⚠ \d+ s · Containers · Berth$/.test(await page.title()))
    await page.getByRole('button', { name: `Hide the warning about ${second.container}` }).click()
    await eventually(async () => (await page.title()) === 'Containers · Berth')
  })
})
