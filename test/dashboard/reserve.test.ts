/** The drawer for reserving: violations at their fields, the queue, and links that fill it in. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Route } from 'playwright-core'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'
import { formOpened, releaseEverything, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const SIZE = 3
const manager = await testDashboard('reserve', { engine: 'memory', size: SIZE, pool: { duration: { default: '60m' } } })
// Before the check for faults, which ends the hooks when it fails.
afterEach(() => releaseEverything(manager))
const browser = await openBrowser()
const { url, pool } = manager

/** Returns the text below a field. */
const faultOf = (label: string) => `xpath=//label[contains(., "${label}")]/..//*[contains(@class, "error")]`

describe('the drawer for reserving', () => {
  it('shows three violations at three fields, and keeps the input', async () => {
    const person = await browser.person({ url })
    person.expects(/status of 422/)
    const page = await person.open('/ui/reserve')
    await page.getByLabel('Count', { exact: true }).fill('0')
    await page.getByLabel('Duration or end time').fill('soon')
    await page.getByLabel('Account').fill('root')
    await page.keyboard.press('Enter')
    await page.getByText('The manager rejected 3 values').waitFor()
    assert.match((await page.locator(faultOf('Count')).textContent()) ?? '', /at least 1/)
    assert.match(
      (await page.locator(faultOf('Duration or end time')).textContent()) ?? '',
      /a duration like 90m.*got "soon"/,
    )
    assert.match((await page.locator(faultOf('Account')).textContent()) ?? '', /"root" belongs to the image/)
    assert.equal(await page.getByLabel('Count', { exact: true }).inputValue(), '0')
    await formOpened(page)
    await assertAccessible(page)
    await screenshot(page, 'reserve-faults')

    // The focus selects the value: what is typed replaces it.
    await page.keyboard.type('2')
    assert.equal(await page.getByLabel('Count', { exact: true }).inputValue(), '2')
    await page.locator(faultOf('Count')).waitFor({ state: 'detached' })
    await page.locator(faultOf('Account')).waitFor()
    // The page itself refuses the next attempt: it has neither a password nor a key.
    await page.getByText('Name, keys, password, queue, note').click()
    await page.getByLabel('Password').selectOption('none')
    await page.getByLabel('Account').focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('SSH keys').and(page.locator(':focus')).waitFor()
    assert.equal(await page.getByText('The manager rejected').count(), 0)
    assert.equal(await page.locator(faultOf('Account')).count(), 0)
  })

  it('replaces the count that is there at first', async () => {
    const page = await (await browser.person({ url })).open('/ui/')
    await page.getByText('Nothing needs attention.').waitFor()
    await page.keyboard.press('r')
    await formOpened(page)
    await page.keyboard.press('5')
    assert.equal(await page.getByLabel('Count', { exact: true }).inputValue(), '5')
  })

  it('gives the focus back to the terminal when it is closed', async () => {
    const page = await (await browser.person({ url })).open('/ui/')
    await page.getByText('Nothing needs attention.').waitFor()
    await page.keyboard.press('r')
    await formOpened(page)
    await page.keyboard.press('Enter')
    const terminal = page.locator('.xterm-helper-textarea').and(page.locator(':focus'))
    await terminal.waitFor()
    await page.locator('.xterm-rows').filter({ hasText: '$' }).waitFor()
    await page
      .getByRole('dialog', { name: 'Your reservation' })
      .getByRole('button', { name: /^Close/ })
      .click()
    await page.waitForURL('**/ui/')
    await page.getByRole('dialog', { name: 'Your reservation' }).waitFor({ state: 'detached' })
    // Longer than the page waits before it looks for a lost focus.
    await page.waitForTimeout(300)
    assert.equal(await terminal.count(), 1)
  })

  it('focuses the count, also when the pools are read after the drawer has opened', async () => {
    const { page } = await browser.person({ url })
    const late = async (route: Route) => {
      await page.waitForTimeout(1_000)
      await route.continue()
    }
    await page.route('**/v1/pools', late, { times: 1 })
    await page.goto('/ui/reserve')
    await formOpened(page)
  })

  it('gives the focus back to the slot from which it was opened', async () => {
    const page = await (await browser.person({ url })).open('/ui/')
    const slot = page.locator(`[data-slot="${pool}-2"]`)
    await slot.focus()
    await page.keyboard.press('r')
    await formOpened(page)
    await page.keyboard.press('Escape')
    await page.waitForURL('**/ui/')
    await page.waitForTimeout(300)
    assert.equal(await slot.and(page.locator(':focus')).count(), 1)
  })

  it('says what is free when there is not enough, and waits with an estimate until it is there', async () => {
    const person = await browser.person({ url })
    person.expects(/status of 409/)
    const { body } = await manager.send('POST', '/v1/reservations', { username: 'alice', count: 2, duration: '4m' })
    const page = await person.open('/ui/reserve?count=2&user=bob')
    await page.getByText('1 of 3 is free').waitFor()
    await formOpened(page)
    await page.keyboard.press('Enter')
    await page.getByText('Only 1 container available').waitFor()
    await page
      .getByText(new RegExp(`Enough will be free at about ${CLOCK_TEXT} \\(in (3 min \\d\\d s|4 min)\\)`))
      .waitFor()
    assert.equal(await page.getByLabel('Wait in the queue for').inputValue(), '5m')
    await page.keyboard.press('Enter')
    await page.getByText('Waiting in the queue, position 1').waitFor()
    await page.getByText(/Expected in about (3 min \d\d s|4 min)/).waitFor()
    await page.getByText(new RegExp(`Expected in about 3 min 5[0-8] s · at ${CLOCK_TEXT}`)).waitFor()
    await page.getByText(new RegExp(`It times out in \\d min( \\d\\d s)? · at ${CLOCK_TEXT}`)).waitFor()
    await screenshot(page, 'reserve-waiting')
    await fetch(`${url}/v1/reservations/${(body as { id: string }).id}`, { method: 'DELETE' })
    await page
      .getByText(/^ssh -p \d+ bob@/)
      .nth(1)
      .waitFor()
    await page.getByRole('button', { name: `Terminal in ${pool}-2` }).waitFor()
    await assertAccessible(page)
  })

  it('goes back with Escape, and cancels a wait', async () => {
    const person = await browser.person({ url })
    await manager.reserve({ username: 'alice', count: SIZE, pool })
    const page = await person.open('/ui/')
    await page.getByText('Nothing needs attention.').waitFor()
    await page.keyboard.press('r')
    await page.getByLabel('Count', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL('**/ui/')
    await page.goto('/ui/reserve?wait=10m&name=web')
    await formOpened(page)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Cancel the wait' }).click()
    const question = page.getByRole('dialog', { name: 'Cancel the wait?' })
    await question.getByText(`web: 1 container of ${pool}`).waitFor()
    await question.getByRole('button', { name: 'Keep waiting' }).and(page.locator(':focus')).waitFor()
    await question.getByRole('button', { name: 'Leave the queue' }).click()
    await page.getByText('The reservation has ended: cancelled.').waitFor()
  })

  it('shows its values as commands that reserve the same', async () => {
    const person = await browser.person({ url })
    const page = await person.open('/ui/reserve?count=2&for=90m&user=carol&note=lab%207')
    await formOpened(page)
    await page.keyboard.press('Enter')
    await page.getByText('Show as command').click()
    const curl = (await page.getByText(/^curl -X POST/).textContent()) ?? ''
    const body = /-d '([^']*)'/.exec(curl)?.[1] ?? ''
    assert.deepEqual(JSON.parse(body), { pool, count: 2, duration: '90m', username: 'carol', note: 'lab 7' })
    await page.getByText(/^berth --url \S+ reserve --pool \S+ --count 2 --for 90m --user carol/).waitFor()
  })

  it('repeats a request whose answer was lost, and does not reserve twice', async () => {
    const person = await browser.person({ url })
    person.expects(/ERR_FAILED/)
    const page = await person.open('/ui/reserve?user=dora')
    let isLost = false
    await page.route('**/v1/reservations', async (route) => {
      if (isLost || route.request().method() !== 'POST') return route.continue()
      isLost = true
      await route.fetch()
      await route.abort()
    })
    await formOpened(page)
    await page.keyboard.press('Enter')
    await page.getByText('The manager may have reserved already').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(/^ssh -p \d+ dora@/).waitFor()
    const { body } = await manager.get<{ reservations: unknown[] }>('/v1/reservations?state=active')
    assert.equal(body.reservations.length, 1)
    // A terminal opens by itself, which must not happen after the release.
    await page.locator('.xterm-rows').filter({ hasText: '$' }).waitFor()
  })
})
