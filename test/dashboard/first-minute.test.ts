/** What a newcomer does first: open the dashboard, press r and Enter, and be at a prompt in a real container. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openBrowser } from '../support/browser/browser.ts'
import { formOpened, testDashboard } from '../support/browser/dashboard.ts'

/** 3 s are promised; the speed of a machine that runs tests may vary by a factor of two and more. */
const MAX_MS = 8_000

const manager = await testDashboard('minute', {
  engine: 'docker',
  size: 3,
  // Chromium breaks off requests whenever the machine gets another network.
  pool: { reach_peers: false },
})
const { person } = await openBrowser()

it('r and Enter lead from the overview to a prompt of the account in seconds', async (t) => {
  const page = await (await person({ url: manager.url })).open()
  await page.getByText('live', { exact: true }).waitFor()
  await page.locator(`[data-slot="${manager.pool}-3"]`).waitFor()

  const began = performance.now()
  await page.keyboard.press('r')
  await formOpened(page)
  await page.keyboard.press('Enter')
  const rows = page.locator('.xterm-rows')
  await rows.filter({ hasText: '$' }).waitFor()
  const ms = Math.round(performance.now() - began)

  t.diagnostic(`r to the prompt: ${ms} ms`)
  assert.ok(ms < MAX_MS, `${ms} ms`)
  await page.keyboard.type('echo "I am $(whoami), not root"\n')
  await rows.filter({ hasText: 'I am user, not root' }).waitFor()
})
