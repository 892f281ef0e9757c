/** Changes of a reservation in the browser: its note, and putting it on hold. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'
import { makeReservation, releaseEverything, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('changes', {
  engine: 'memory',
  size: 6,
  pool: { hold: { max: '1h', containers: 2 } },
  further: { plain: { size: 1 } },
})
const { person } = await openBrowser()

async function reserve(username: string, some: object = {}): Promise<string> {
  return (await makeReservation(manager, { username, ...some })).id
}

interface Shown {
  readonly note: string | null
  readonly held_at: string | null
  readonly expires_at: string
}

const read = async (id: string) => (await manager.get<Shown>(`/v1/reservations/${id}`)).body
const release = (id: string) => releaseReservation(manager, id)
const hasFocus = (page: Page, property: string, value: string) =>
  eventually(async () => (await page.evaluate<string>(`document.activeElement?.${property}`)) === value)
const field = (page: Page) => page.getByRole('dialog').getByLabel('Note')

describe('the note of a reservation', () => {
  it('is changed with the keyboard; another browser shows it within a second, and the focus returns', async () => {
    const id = await reserve('noted', { note: 'draft' })
    const page = await (await person({ url: manager.url })).open(`/ui/reservations/${id}`)
    const other = await (await person({ url: manager.url })).open(`/ui/reservations/${id}`)
    await other.getByText('draft').first().waitFor()
    const edit = page.getByRole('button', { name: 'Edit …' })
    await edit.focus()
    await page.keyboard.press('Enter')
    await hasFocus(page, 'tagName', 'TEXTAREA')
    await assertAccessible(page)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('run https://ci.example.org/runs/8')
    await page.keyboard.press('Control+Enter')
    await other.getByRole('link', { name: 'https://ci.example.org/runs/8' }).first().waitFor({ timeout: 1_000 })
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await hasFocus(page, 'textContent', 'Edit …')
    assert.equal((await read(id)).note, 'run https://ci.example.org/runs/8')

    // Escape changes nothing.
    await page.keyboard.press('n')
    await field(page).fill('lost')
    await page.keyboard.press('Escape')
    await hasFocus(page, 'textContent', 'Edit …')
    assert.equal((await read(id)).note, 'run https://ci.example.org/runs/8')

    // Without text, it is removed.
    await page.keyboard.press('n')
    await field(page).fill(' ')
    await page.getByRole('button', { name: 'Save the note' }).click()
    await page.getByRole('button', { name: 'Add a note …' }).waitFor()
    assert.equal((await read(id)).note, null)
  })

  it('is refused in words at the field; a change by another person in the meantime is said', async () => {
    const id = await reserve('refused')
    const ada = await person({ url: manager.url })
    ada.expects(/status of 422/)
    ada.expects(/status of 409/)
    const page = await ada.open(`/ui/reservations/${id}`)
    await page.getByRole('button', { name: 'Add a note …' }).click()
    const dialog = page.getByRole('dialog')
    await field(page).fill('x'.repeat(501))
    await dialog.getByRole('button', { name: 'Save the note' }).click()
    await dialog.getByText('note must have at most 500 characters, got 501').waitFor()
    await field(page).fill('mine')
    await manager.send('PATCH', `/v1/reservations/${id}`, { note: 'theirs' })
    await dialog.getByText('The note was changed in the meantime to “theirs”. Saving replaces that.').waitFor()
    await screenshot(page, 'note-changed')
    await release(id)
    await page.getByText('It was released before it expired.').waitFor()
    await dialog.getByRole('button', { name: 'Save the note' }).click()
    await dialog.getByText(/has ended; its note cannot be changed any more/).waitFor()
    assert.equal(await field(page).inputValue(), 'mine')
    assert.equal((await read(id)).note, 'theirs')
  })

  it('is changed in the list by a key of the row, which has the focus afterwards', async () => {
    const id = await reserve('listed')
    const page = await (await person({ url: manager.url, width: 1920 })).open('/ui/reservations?username=listed')
    await page.locator(`tr[data-id="${id}"]`).focus()
    await page.keyboard.press('n')
    await hasFocus(page, 'tagName', 'TEXTAREA')
    await page.keyboard.type('exam')
    await page.keyboard.press('Control+Enter')
    await hasFocus(page, 'dataset.id', id)
    await page.locator(`tr[data-id="${id}"]`).getByText('exam').waitFor()
    assert.equal((await read(id)).note, 'exam')
  })
})

describe('putting on hold', () => {
  beforeEach(() => releaseEverything(manager))

  it('says what happens and for how long, and happens once', async () => {
    const id = await reserve('held', { duration: '10m' })
    const ada = await person({ url: manager.url })
    ada.expects(/status of 422/)
    const page = await ada.open(`/ui/reservations/${id}`)
    await page.getByRole('button', { name: 'Put on hold …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Put held on hold?' })
    await dialog
      .getByText(/It can be put on hold once, for at most 1 h\. To end the hold early, release the reservation\./)
      .waitFor()
    const newEnd = `^It will end in 30 min, at ${CLOCK_TEXT}: 20 min later than without the hold\\.$`
    await dialog.getByText(new RegExp(newEnd)).waitFor()
    await assertAccessible(page)
    await screenshot(page, 'hold')
    await dialog.getByLabel('Keep it for').fill('3h')
    await page.keyboard.press('Enter')
    await dialog.getByText(/duration must be a duration like 30m, from 1m to 1h.*got 3h/).waitFor()
    await dialog.getByLabel('Keep it for').fill('45m')
    const other = await (await person({ url: manager.url })).open(`/ui/reservations/${id}`)
    await other.getByRole('button', { name: 'Put on hold …' }).waitFor()
    await page.keyboard.press('Enter')
    await other
      .getByText(/^active · on hold since/)
      .first()
      .waitFor({ timeout: 1_000 })
    await dialog.waitFor({ state: 'detached' })
    await hasFocus(page, 'textContent', 'Put on hold …')
    assert.equal(await page.getByRole('button', { name: 'Put on hold …' }).getAttribute('aria-disabled'), 'true')
    const { held_at: heldAt, expires_at: end } = await read(id)
    assert.equal(Date.parse(end) - Date.parse(heldAt ?? ''), 45 * 60_000)

    // It ends with a release, which frees the place for another one.
    await page.getByRole('button', { name: 'Release …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await page.getByText('It was released before it expired.').waitFor()
  })

  it('is refused in words when the limit of the pool is reached', async () => {
    const first = await reserve('first', { count: 2 })
    const second = await reserve('second')
    await manager.send('POST', `/v1/reservations/${first}/hold`, { duration: '30m' })
    const ada = await person({ url: manager.url })
    ada.expects(/status of 409/)
    const page = await ada.open(`/ui/reservations/${second}`)
    await page.getByRole('button', { name: 'Put on hold …' }).click()
    await page.keyboard.press('Enter')
    await page
      .getByRole('dialog')
      .getByText(/keeps at most 2 containers on hold at once; release a reservation that is on hold first/)
      .waitFor()
    assert.equal((await read(second)).held_at, null)
  })

  it('is not offered in a pool that does not allow it', async () => {
    const id = await reserve('plain', { pool: `${manager.pool}plain` })
    const page = await (await person({ url: manager.url })).open(`/ui/reservations/${id}`)
    await page.getByRole('button', { name: 'Extend by …' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Put on hold …' }).count(), 0)
  })
})
