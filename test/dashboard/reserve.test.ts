/** The drawer for reserving: violations at their fields, the queue, and links that fill it in. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'
import { releaseEverything, testDashboard } from '../support/browser/dashboard.ts'
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
    await page.getByLabel('Count', { exact: true }).and(page.locator(':focus')).waitFor()
    await assertAccessible(page)
    await screenshot(page, 'reserve-faults')
  })

  it('says what is free when there is not enough, and waits with an estimate until it is there', async () => {
    const person = await browser.person({ url })
    person.expects(/status of 409/)
    const { body } = await manager.send('POST', '/v1/reservations', { username: 'alice', count: 2, duration: '4m' })
    const page = await person.open('/ui/reserve?count=2&user=bob')
    await page.getByText('1 of 3 is free').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('Only 1 container available').waitFor()
    await page
      .getByText(new RegExp(`Enough will be free at about ${CLOCK_TEXT} \\(in (3 min \\d\\d s|4 min)\\)`))
      .waitFor()
    assert.equal(await page.getByLabel('Wait in the queue for').inputValue(), '5m')
    await page.keyboard.press('Enter')
    await page.getByText('Waiting in the queue, position 1').waitFor()
    await page.getByText(/Expected in about (3 min \d\d s|4 min)/).waitFor()
    await page.getByText(/Expected in about 3 min 5[0-8] s/).waitFor()
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
    await page.goto('/ui/reserve?wait=10m')
    await page.getByLabel('Count', { exact: true }).and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Cancel the wait' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the reservation' }).click()
    await page.getByText('The reservation has ended: cancelled.').waitFor()
  })

  it('shows its values as commands that reserve the same', async () => {
    const person = await browser.person({ url })
    const page = await person.open('/ui/reserve?count=2&for=90m&user=carol&note=lab%207')
    await page.getByLabel('Count', { exact: true }).and(page.locator(':focus')).waitFor()
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
    await page.getByLabel('Count', { exact: true }).and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('The manager may have reserved already').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText(/^ssh -p \d+ dora@/).waitFor()
    const { body } = await manager.get<{ reservations: unknown[] }>('/v1/reservations?state=active')
    assert.equal(body.reservations.length, 1)
  })
})
