/** Deleting a token ends what a browser has opened with it: the page, its event stream and its shell. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Page } from 'playwright-core'
import { testManager } from '../../lab/manager.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'

/** Promised by docs/dashboard.md. */
const MAX_MS = 15_000

buildDashboard()
// Without networks for peers: Chromium breaks off requests when the machine gets another network.
const manager = await testManager('revoked', { size: 1, pool: { reach_peers: false }, top: { auth: 'tokens' } })
const admin = await manager.startWithToken()
await manager.untilReady()
const { person } = await openBrowser()

/** Returns after how many milliseconds the page, the stream and the shell ended without input. */
async function ends(page: Page): Promise<Record<'page' | 'stream' | 'shell', number>> {
  const since = () => Math.round(performance.now() - began)
  const began = performance.now()
  // The manager ends the stream, or the page does when it learns first that its session has ended.
  const stream = new Promise<number>((resolve) => {
    for (const event of ['requestfinished', 'requestfailed'] as const) {
      page.context().on(event as 'requestfinished', (request) => {
        if (request.url().includes('live=true')) resolve(since())
      })
    }
  })
  const shell = shellOf.get(page)?.then(since) ?? assert.fail('no WebSocket was opened')
  const said = page.getByText('Your session as grace has ended.').waitFor({ timeout: 30_000 }).then(since)
  const [pageMs, streamMs, shellMs] = await Promise.all([said, stream, shell])
  return { page: pageMs, stream: streamMs, shell: shellMs }
}

/** Resolves when the WebSocket of the page's terminal closes. */
const shellOf = new WeakMap<Page, Promise<unknown>>()

it('within 15 s, without a click', { timeout: 90_000 }, async (t) => {
  const { body } = await manager.send('POST', '/v1/tokens', { name: 'grace', role: 'user' })
  const { id, token } = body as { id: string; token: string }
  const grace = await person({ url: manager.url })
  grace.expects(/console error: Failed to load resource.* 401/)
  const page = await grace.open()
  page.on('websocket', (socket) => void shellOf.set(page, socket.waitForEvent('close', { timeout: 60_000 })))
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText('live', { exact: true }).waitFor()
  manager.token = token
  const { containers } = await manager.reserve({ username: 'grace' })
  manager.token = admin
  await page.goto(`/ui/terminal/${containers[0]?.container}`)
  const rows = page.locator('.xterm-rows')
  await rows.filter({ hasText: 'grace@' }).waitFor()

  const headers = { authorization: `Bearer ${admin}` }
  const measured = ends(page)
  assert.equal((await fetch(`${manager.url}/v1/tokens/${id}`, { method: 'DELETE', headers })).status, 200)
  const ms = await measured
  t.diagnostic(`after the token was deleted: ${JSON.stringify(ms)} (ms)`)
  for (const [what, after] of Object.entries(ms)) assert.ok(after < MAX_MS, `${what}: ${after} ms`)
  // The text of the shell is no longer shown.
  assert.equal(await rows.count(), 0)
})
