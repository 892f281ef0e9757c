/** Copy and paste in terminals by a LAN address without TLS, where pages have no navigator.clipboard. */
import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { testManager } from '../../lab/manager.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'

buildDashboard()
const manager = await testManager('clipboard', { size: 1, pool: { reach_peers: false }, top: { auth: 'tokens' } })
const { port } = new URL(manager.url)
await manager.start({ BERTH_LISTEN: `0.0.0.0:${port}` })
await manager.shows(/BERTH_TOKEN=\S+\n/)
const token = /BERTH_TOKEN=(\S+)/.exec(manager.output)?.[1] ?? assert.fail(manager.output)
manager.token = token
await manager.untilReady()
const browser = await openBrowser()

/** An address of this machine that is not its loopback: Docker has one on every host. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address
const url = `http://${address}:${port}`

const lines = (page: Page) => page.locator('[data-terminal] .xterm-rows')
const shows = (page: Page, text: string | RegExp) => lines(page).filter({ hasText: text }).waitFor()

async function selectWord(page: Page, word: string): Promise<void> {
  const span = lines(page).locator('> div').filter({ hasText: word }).last()
  const box = (await span.boundingBox()) ?? assert.fail(`${word} is not on the screen`)
  await page.mouse.dblclick(box.x + 8, box.y + box.height / 2)
}

/** Signs in, and opens a terminal in the only container. */
async function openTerminal(): Promise<Page> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ pool: manager.pool, username: 'ada' })
  await fetch(`${manager.url}/v1/reservations`, { method: 'POST', headers, body })
  const person = await browser.person({ url })
  // Chromium says of each page by plain http that this header has no effect there.
  person.expects(/Cross-Origin-Opener-Policy header has been ignored/)
  const { page } = person
  await page.goto(`/ui/terminal/${manager.pool}-1`)
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await shows(page, 'ada@')
  assert.equal(await page.evaluate('isSecureContext || navigator.clipboard !== undefined'), false)
  return page
}

describe('copy and paste without TLS', () => {
  it('works with keys, with the menu, and asks before several lines', async () => {
    const page = await openTerminal()
    const dialog = page.getByRole('dialog')

    await page.keyboard.type('echo; echo copied-$((20 + 22)); echo\n')
    await shows(page, 'copied-42')
    await selectWord(page, 'copied-42')
    await page.keyboard.press('Control+c')
    await page.keyboard.type('echo "got: ')
    await page.keyboard.press('Shift+Insert')
    await page.keyboard.type('"\n')
    await shows(page, 'got: copied-42')

    // Without a selection it interrupts.
    await page.keyboard.type('sleep 1000\n')
    await page.keyboard.press('Control+c')
    await shows(page, '^C')

    // The browser lets pages paste into fields only.
    await page.locator('.xterm-screen').click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Paste' }).click()
    await dialog.getByRole('textbox').press('Control+v')
    await dialog.getByRole('button', { name: 'Paste' }).click()
    await page.keyboard.type(' # from the menu\n')
    await shows(page, 'copied-42 # from the menu')

    // A program copies two lines: the page asks once.
    await page.keyboard.type(`printf '\\e]52;c;%s\\a' "$(printf 'echo one\\necho two\\n' | base64)"\n`)
    await page.getByRole('button', { name: 'Allow in this terminal' }).click()
    await page.keyboard.press('Control+Shift+v')
    await dialog.getByText('Paste 2 lines?').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('.xterm-screen').click()
    await page.keyboard.press('Control+Shift+v')
    await dialog.getByRole('button', { name: 'Paste' }).click()
    await page.keyboard.press('Enter')
    await shows(page, /one.*two/)
  })

  it('shows the target of a link before it opens', async () => {
    const page = await openTerminal()
    await page.keyboard.type(`clear; printf '\\e]8;;https://example.org/hidden\\e\\\\a-link\\e]8;;\\e\\\\\\n'\n`)
    await lines(page)
      .locator('> div')
      .filter({ hasText: /^a-link/ })
      .waitFor()
    await selectWord(page, 'a-link')
    const link = page.getByRole('link', { name: 'https://example.org/hidden' })
    await link.waitFor()
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer')
    assert.equal(page.context().pages().length, 1)
  })
})
