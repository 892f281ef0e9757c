/** The page of a pool: holders, queue and size. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { CLOCK_TEXT } from '../support/browser/clock-text.ts'
import { releaseEverything, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const SIZE = 4
/** The memory engine opens none of them. */
const PORTS = '31000-31005'
const manager = await testDashboard('pool', { engine: 'memory', size: SIZE, pool: { ssh_ports: PORTS } })
// Before the check for faults, which ends the hooks when it fails.
afterEach(() => releaseEverything(manager))
const browser = await openBrowser()
const { url, pool } = manager

describe('the page of a pool', () => {
  it('lists holders with their notes as links, and the queue with estimates', async () => {
    const note = 'https://ci.example/jobs/42'
    await manager.send('POST', '/v1/reservations', { username: 'runner', count: 3, note, duration: '30m' })
    await manager.send('POST', '/v1/reservations', { username: 'late', count: 2, wait: '10m' })
    const person = await browser.person({ url })
    const page = await person.open(`/ui/pools/${pool}`)
    const holder = page.getByRole('row', { name: /runner/ })
    await holder.getByRole('link', { name: note }).waitFor()
    await holder.getByText(new RegExp(`^(30|29) min · until ${CLOCK_TEXT}$`)).waitFor()
    await page.getByRole('row', { name: /^1 late anyone 2 / }).waitFor()
    await assertAccessible(page)
    await screenshot(page, 'pool')
    await holder.getByRole('button', { name: 'Release runner' }).click()
    const dialog = page.getByRole('dialog')
    assert.deepEqual(
      await dialog.getByRole('listitem').allTextContents(),
      [1, 2, 3].map((number) => `${pool}-${number} (runner)`),
    )
    await dialog.getByRole('button', { name: 'Release' }).click()
    await page.getByRole('row', { name: /^\S+-1, \S+-2 late/ }).waitFor()
    await page.getByText('No reservation is waiting.').waitFor()
  })

  it('says which slots a new size concerns, and sets it back to berth.yml', async () => {
    await manager.reserve({ username: 'alice', pool })
    const person = await browser.person({ url })
    const page = await person.open(`/ui/pools/${pool}`)
    const field = page.getByLabel('From 1 (reserved) to 6 (ports)')
    await field.fill('0')
    await page.getByText('1 is reserved: release some first').waitFor()
    await field.fill('7')
    await page.getByText('At most 6: the pool has no more SSH ports').waitFor()
    await field.fill('2')
    await page.getByText(`${pool}-3, ${pool}-4 are removed at once.`).waitFor()
    await page.getByRole('button', { name: 'Set the size' }).click()
    await page.getByRole('button', { name: 'Set the size to 2' }).click()
    await page.getByText('Resized to 2, 4 in berth.yml').waitFor()
    await page.locator(`[data-slot="${pool}-4"]`).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Back to 4, as in berth.yml' }).click()
    await page.locator(`[data-slot="${pool}-4"][data-state="ready"]`).waitFor()
  })

  it('says which pools there are if there is no such pool', async () => {
    const person = await browser.person({ url })
    const page = await person.open('/ui/pools/nothing')
    await page.getByText('There is no pool “nothing”.').getByRole('link', { name: pool }).waitFor()
  })

  it('is accessible on a phone, in the dark', async () => {
    await manager.reserve({ username: 'alice', count: 4, pool })
    const person = await browser.person({ url, width: 375, colorScheme: 'dark' })
    const page = await person.open(`/ui/pools/${pool}`)
    await page.getByText('alice').first().waitFor()
    await assertAccessible(page)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
    await screenshot(page, 'pool-phone', { fullPage: true })
  })
})
