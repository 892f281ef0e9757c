/** Terminals in the dashboard, in real containers: they reconnect, and say when and why they end. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'
import type { Person } from '../support/browser/person.ts'
import { screenshot } from '../support/browser/screenshot.ts'

// Short, so that an extension by 30 minutes is more than the pool allows.
const manager = await testDashboard('terminal', {
  engine: 'docker',
  size: 4,
  // Chromium breaks off requests whenever the machine gets another network.
  pool: { duration: { default: '5m', max: '5m' }, reach_peers: false },
})
const browser = await openBrowser()
const { url } = manager

// Also after a test that fails; with all containers made again, the networks of the machine are at rest.
afterEach(async () => {
  await manager.get('/release_all')
  await manager.untilReady()
})

interface Held {
  readonly id: string
  readonly container: string
}

/** Reserves one container for the account ada, at once. */
async function reserve(duration = '5m'): Promise<Held> {
  let held: Held | undefined
  await eventually(async () => {
    const body = JSON.stringify({ pool: manager.pool, username: 'ada', duration })
    const response = await fetch(`${url}/v1/reservations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const answer = (await response.json()) as { id: string; containers?: { name: string }[] }
    const container = answer.containers?.[0]?.name
    if (response.ok && container !== undefined) held = { id: answer.id, container }
    return held !== undefined
  })
  return held ?? assert.fail('nothing was reserved')
}

async function release({ id }: Held): Promise<void> {
  await fetch(`${url}/v1/reservations/${id}`, { method: 'DELETE' })
}

/** The lines of the terminal that is shown. */
const lines = (page: Page) => page.locator('[data-terminal]:not([hidden]) .xterm-rows')

/** Waits until the terminal shows this. */
async function shows(page: Page, text: string | RegExp): Promise<void> {
  await lines(page)
    .filter({ hasText: text })
    .waitFor()
    .catch(async () => assert.fail(`no ${text} in:\n${await page.locator('body').innerText()}`))
}

/** Opens the terminal in a window of its own, and waits for its prompt. */
async function openTerminal(person: Person, { container }: Held): Promise<Page> {
  const page = await person.open(`/ui/terminal/${container}`)
  await shows(page, 'ada@')
  return page
}

/** The page asks before it is left while a shell is in use. */
async function reload(page: Page): Promise<void> {
  page.once('dialog', (dialog) => void dialog.accept())
  await page.reload()
}

describe('a terminal', () => {
  it('is at a prompt of the account within 3 s of the page load', async (t) => {
    const held = await reserve()
    const person = await browser.person({ url })
    await openTerminal(person, held)
    await reload(person.page)
    const began = performance.now()
    const second = await browser.person({ url })
    await openTerminal(second, held)
    const ms = Math.round(performance.now() - began)
    t.diagnostic(`page load to prompt: ${ms} ms`)
    assert.ok(ms < 3_000, `${ms} ms`)
    await second.page.keyboard.type('echo "I am $(whoami), not $((6 * 7))"\n')
    await shows(second.page, 'I am ada, not 42')
  })

  it('continues after a reload, with its earlier text', async () => {
    const held = await reserve()
    const page = await openTerminal(await browser.person({ url }), held)
    await page.keyboard.type('echo before; for n in $(seq 1000); do echo "tick $BASHPID $n"; sleep 0.2; done\n')
    await shows(page, /tick \d+ 3/)
    const pid = /tick (\d+) 3/.exec((await lines(page).textContent()) ?? '')?.[1]
    await reload(page)
    await shows(page, 'before')
    await shows(page, `tick ${pid} 20`)
  })

  it('is the same on a second device, and takes the size of the device that is used', async () => {
    const held = await reserve()
    const one = await openTerminal(await browser.person({ url }), held)
    const person = await browser.person({ url, width: 700, height: 500 })
    const other = await person.open()
    await other.getByRole('button', { name: `Continue the shell of ${held.container}` }).click()
    await shows(other, 'ada@')
    await one.keyboard.type('echo from the first\n')
    await shows(other, 'from the first')
    await other.keyboard.type('echo from the second at $(stty size)\n')
    await shows(one, /from the second at \d+ \d+/)
    const [, cols] = /second at \d+ (\d+)/.exec((await lines(one).textContent()) ?? '') ?? []
    assert.ok(Number(cols) < 100, `${cols} columns`)
  })

  it('responds once to the query of a program, although two screens show it', async () => {
    const held = await reserve()
    const one = await openTerminal(await browser.person({ url }), held)
    const other = await (await browser.person({ url })).open()
    await other.getByRole('button', { name: `Continue the shell of ${held.container}` }).click()
    await shows(other, 'ada@')
    for (const page of [one, other]) {
      const read = (name: string, seconds: number) => `IFS= read -rsd R -t ${seconds} ${name}`
      const count = `echo "bytes: \${#position} \${#more}."`
      await page.keyboard.type(`clear; printf '\\e[6n'; ${read('position', 5)}; ${read('more', 1)}; ${count}\n`)
      await shows(page, /bytes: [1-9]\d* 0\./)
    }
  })

  it('keeps its text over a restart of the manager', async () => {
    const held = await reserve()
    const person = await browser.person({ url })
    const page = await openTerminal(person, held)
    await page.keyboard.type('echo before the restart\n')
    await shows(page, /restart.*before the restart/)
    const before = await lines(page).boundingBox()
    person.expects(/console error: Failed to load resource|WebSocket/)
    await manager.kill()
    await page.getByText('Typed text is not sent').waitFor()
    // The note covers no text, and the text stays in its place.
    const note = await page.getByRole('status').filter({ hasText: 'Typed text is not sent' }).boundingBox()
    const after = await lines(page).boundingBox()
    assert.deepEqual(after, before)
    assert.ok(note && after && note.y >= after.y + after.height, JSON.stringify({ note, after }))
    await screenshot(page, 'terminal-not-connected')
    await manager.start()
    await page.getByText('Typed text is not sent').waitFor({ state: 'hidden' })
    await page.locator('.xterm-helper-textarea').focus()
    await page.keyboard.type('echo after $((40 + 2))\n')
    await shows(page, 'after 42')
    await page.getByRole('button', { name: 'Search (Ctrl+Shift+F)' }).click()
    const field = page.getByLabel('Search in the terminal')
    await field.fill('before the restart')
    await page.locator('.xterm-selection div').first().waitFor()
    assert.equal(await page.getByText('Not found').count(), 0)
    // The new manager does not have what the shell wrote while there was none.
    await field.fill('not in this terminal')
    await page.getByText('Not found').waitFor()
    await field.fill('output may be missing: connection lost')
    await page.getByText('Not found').waitFor({ state: 'detached' })
  })

  it('says within a second that its reservation has ended, and why', async (t) => {
    const held = await reserve()
    const page = await openTerminal(await browser.person({ url }), held)
    await release(held)
    await page.getByRole('alert').filter({ hasText: 'The reservation was released' }).waitFor()
    const seenAt = Date.now()
    const response = await fetch(`${url}/v1/reservations/${held.id}`)
    const { ended_at: endedAt } = (await response.json()) as { ended_at: string }
    const ms = seenAt - Date.parse(endedAt)
    t.diagnostic(`${ms} ms`)
    // A second, and what the browser of a slow machine takes.
    assert.ok(ms < 2_000, `${ms} ms`)
    await shows(page, /ended at .*The reservation was released/)
    await page.getByRole('button', { name: 'Reserve again' }).click()
    await page.waitForURL(`**/ui/reserve?pool=${manager.pool}&count=1`)
  })

  it('warns a minute before the end, is extended by one key, and says why the extension was limited', async () => {
    const held = await reserve('64s')
    const page = await openTerminal(await browser.person({ url }), held)
    await page
      .getByRole('alert')
      .filter({ hasText: /will end at .*in less than 1 minute/ })
      .waitFor()
    assert.match(await page.title(), /^⚠ \d+ s · /)
    // In the terminal, the key is input.
    await page.keyboard.type('echo eee\n')
    await shows(page, /eee.*eee/)
    await page.keyboard.press('F6')
    await page
      .getByRole('button', { name: /Extend by/ })
      .and(page.locator(':focus'))
      .waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('e')
    await page.getByText(/maximum/).waitFor()
    await page.getByRole('button', { name: /Extend by/ }).waitFor({ state: 'hidden' })
    assert.doesNotMatch(await page.title(), /⚠/)
  })

  it('can be used with the keyboard alone, and by screen readers', async () => {
    const held = await reserve()
    const person = await browser.person({ url, reducedMotion: true })
    const page = await openTerminal(person, held)
    assert.equal(await page.locator('.xterm-cursor-blink').count(), 0)
    await page.keyboard.press('F6')
    const reader = page.getByRole('button', { name: 'Screen reader' })
    await reader.and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Enter')
    await page.keyboard.press('F6')
    await page.keyboard.press('F6')
    await page.locator('.xterm-helper-textarea:focus').waitFor()
    await page.keyboard.type('echo heard\n')
    await page
      .locator('.xterm-accessibility-tree')
      .filter({ hasText: /heard.*heard/ })
      .waitFor()
    await assertAccessible(page)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`works on a phone, ${colorScheme}`, async () => {
      const held = await reserve()
      const person = await browser.person({ url, width: 375, height: 667, touch: true, colorScheme })
      const page = await openTerminal(person, held)
      await page.locator('.xterm-screen').tap()
      await page.getByLabel('Line to send').and(page.locator(':focus')).waitFor()
      await page.keyboard.type('echo typed on a phone')
      await page.getByRole('button', { name: 'Send' }).tap()
      await shows(page, /phone.*typed on a phone/)
      await page.keyboard.type('sleep 100')
      await page.keyboard.press('Enter')
      await shows(page, 'sleep 100')
      await page.getByRole('button', { name: 'Ctrl, for the next letter' }).tap()
      await page.keyboard.type('c')
      await shows(page, '^C')
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.equal(overflow, 0)
      await assertAccessible(page)
      await screenshot(page, `terminal-phone-${colorScheme}`)
    })

    it(`opens in the dock over all pages, ${colorScheme}`, async () => {
      const held = await reserve()
      const person = await browser.person({ url, colorScheme })
      const page = await person.open()
      await page.locator(`[data-slot="${held.container}"]`).focus()
      await page.keyboard.press('t')
      await shows(page, 'ada@')
      await page.keyboard.type('echo in the dock\n')
      await shows(page, /dock.*in the dock/)
      await page.getByRole('link', { name: 'Containers', exact: true }).click()
      await page.getByRole('heading', { name: 'Containers', exact: true }).waitFor()
      await shows(page, /dock.*in the dock/)
      await page.keyboard.press('F6')
      await page.keyboard.type('echo still here\n')
      await shows(page, /here.*still here/)
      await assertAccessible(page)
      await screenshot(page, `terminal-dock-${colorScheme}`)
      await page.getByRole('separator', { name: 'Height of the terminals' }).focus()
      const rows = lines(page).locator('> div')
      const before = await rows.count()
      await page.keyboard.press('PageUp')
      await eventually(async () => (await rows.count()) > before)
      await page.getByRole('button', { name: 'Minimise' }).click()
      await lines(page).waitFor({ state: 'hidden' })
    })
  }

  it('works four times in eight tabs with one event stream', async () => {
    const all = [await reserve(), await reserve(), await reserve(), await reserve()]
    const person = await browser.person({ url })
    const { context } = person
    let streams = 0
    context.on('request', (request) => {
      if (request.url().includes('/v1/events?') && request.url().includes('live=true')) streams++
    })
    for (const held of all) {
      const page = await context.newPage()
      await page.goto(`/ui/terminal/${held.container}`)
      await shows(page, 'ada@')
    }
    for (let tab = 0; tab < 4; tab++) {
      const page = await context.newPage()
      await page.goto('/ui/')
      await page.getByText('live', { exact: true }).waitFor()
    }
    const pages = context.pages().slice(1, 5)
    for (const [number, page] of pages.entries()) {
      await page.bringToFront()
      await page.keyboard.type(`echo "terminal $((${number} + 100))"\n`)
      await shows(page, `terminal ${100 + number}`)
    }
    await sleep(1_000)
    assert.equal(streams, 1)
  })
})
