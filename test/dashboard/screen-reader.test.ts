/** What a screen reader hears: the browser's accessibility tree, and what its live regions announce. */
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { CDPSession, Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, releaseEverything, testDashboard } from '../support/browser/dashboard.ts'
import type { Person } from '../support/browser/person.ts'

const SIZE = 4
/** Their tiles have no text, so their labels name them. */
const DOTS = 401
const manager = await testDashboard('reader', {
  engine: 'memory',
  size: SIZE,
  further: { dots: { size: DOTS, ssh_ports: '30000-30400' } },
})
afterEach(() => releaseEverything(manager))
const { person } = await openBrowser()
const { url, pool } = manager

interface Heard {
  readonly role: string
  readonly name: string
  readonly description: string
}

interface Node {
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
  readonly description?: { readonly value: string }
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value: unknown } }[]
}

/** Returns what is announced of the element with the focus. */
async function heard(tree: CDPSession): Promise<Heard> {
  const { nodes } = (await tree.send('Accessibility.getFullAXTree')) as { nodes: readonly Node[] }
  const isFocused = ({ role, properties = [] }: Node) =>
    role?.value !== 'RootWebArea' && properties.some(({ name, value }) => name === 'focused' && value.value === true)
  const node = nodes.find(isFocused) ?? assert.fail('nothing has the focus')
  return {
    role: node.role?.value ?? '',
    name: node.name?.value ?? '',
    description: node.description?.value ?? '',
  }
}

async function reserve(username: string, some: object = {}): Promise<string> {
  return (await makeReservation(manager, { username, pool, ...some })).id
}

async function openOverview(): Promise<{ ada: Person; page: Page; tree: CDPSession }> {
  const ada = await person({ url })
  const page = await ada.open()
  await page.locator(`[data-slot="${pool}dots-${DOTS}"][data-state="ready"]`).waitFor()
  return { ada, page, tree: await ada.context.newCDPSession(page) }
}

describe('a screen reader', () => {
  it('hears number, holder, state and time left of a focused tile', async () => {
    await reserve('alice', { duration: '38m', note: 'lab seven' })
    const { page, tree } = await openOverview()
    await page.locator(`[data-slot="${pool}-1"][data-state="reserved"]`).focus()
    const first = await heard(tree)
    assert.equal(first.role, 'gridcell')
    assert.match(first.name, new RegExp(`^${pool}-1, reserved alice 3[78] min$`))
    assert.match(first.description, /reserved by alice, 3[78] min left, until .* · lab seven$/)

    await page.keyboard.press('ArrowRight')
    const second = await heard(tree)
    assert.match(second.name, new RegExp(`^${pool}-2 ready$`))
    assert.match(second.description, new RegExp(`${pool}-2 ready for \\d+ `))

    await manager.send('POST', '/v1/reservations', { username: 'bob', pool: `${pool}dots`, duration: '12m' })
    await page.locator(`[data-slot="${pool}dots-1"][data-state="reserved"]`).focus()
    const dot = await heard(tree)
    assert.match(dot.name, new RegExp(`^${pool}dots-1, reserved, .*bob`))
    assert.match(dot.description, /reserved by bob, 1[12] min left/)
  })

  it('hears of a warning before the end once, and of an extension', async () => {
    await reserve('alice', { duration: '63s' })
    const { ada, page } = await openOverview()
    // The dock grows at its top with the warning, and shrinks again.
    ada.allows(/layout shift/)
    await page.locator(`[data-slot="${pool}-1"][data-state="reserved"]`).focus()
    await page.keyboard.press('t')
    const warning = page.getByRole('alert').filter({ hasText: `${pool}-1 will end at` })
    await warning.waitFor()
    const text = await warning.textContent()
    assert.match(text ?? '', /in less than 1 minute\.$/)
    // An alert whose text changed would be announced each second.
    await page.waitForTimeout(2_500)
    assert.equal(await warning.textContent(), text)
    await page.keyboard.press('F6')
    await page.keyboard.press('e')
    await page
      .getByRole('status')
      .filter({ hasText: new RegExp(`${pool}-1: until`) })
      .waitFor()
    await warning.waitFor({ state: 'detached' })
  })

  it('hears the output of the last command, and reads the lines of the terminal', async () => {
    await reserve('alice')
    const { page } = await openOverview()
    await page.locator(`[data-slot="${pool}-1"][data-state="reserved"]`).focus()
    await page.keyboard.press('t')
    const terminal = page.getByRole('tabpanel', { name: `${pool}-1` })
    await terminal.locator('.xterm-rows').filter({ hasText: '$' }).waitFor()
    await page.keyboard.press('F6')
    await page.getByRole('button', { name: 'Screen reader', pressed: false }).and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Screen reader', pressed: true }).waitFor()
    await page.keyboard.press('F6')
    await page.keyboard.press('F6')
    await page.locator('.xterm-helper-textarea:focus').waitFor()
    await page.keyboard.type('whoami\n')
    const live = terminal.locator('[aria-live=assertive]')
    await eventually(async () => /alice/.test((await live.textContent()) ?? ''))
    await terminal
      .getByRole('listitem')
      .filter({ hasText: /^alice$/ })
      .waitFor()
  })

  it('hears that the page is not live, and that it is again', async () => {
    const ada = await person({ url })
    const page = await ada.open()
    await page.getByText('live', { exact: true }).waitFor()
    ada.expects(/console error: Failed to load resource/)
    await manager.kill()
    await page
      .getByRole('status')
      .filter({ hasText: /^Not live since \d\d:\d\d/ })
      .waitFor({ timeout: 25_000 })
    await manager.start()
    await page
      .getByRole('status')
      .filter({ hasText: /^Not live/ })
      .waitFor({ state: 'detached', timeout: 40_000 })
  })
})
