/** The dashboard says when it is not live, and becomes live again by itself. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'
import { openFailingProxy, response } from '../support/http/failing-proxy.ts'

/** Silence after which a connection counts as broken. The manager sends a heartbeat every 15 s. */
const SILENCE_MS = 20_000
/** Maximum time until the page is live again after a short outage. */
const BACK_MS = 5_000

const manager = await testDashboard('outage', { engine: 'memory', size: 5 })
const { person } = await openBrowser()

/** Marks the document: a reload would lose the mark. */
const mark = (page: Page) => page.evaluate('globalThis.isTheSame = true')
const assertNotReloaded = async (page: Page) => assert.equal(await page.evaluate('globalThis.isTheSame'), true)

const isLive = (page: Page, timeout: number) => page.getByText('live', { exact: true }).waitFor({ timeout })
const isNotLive = (page: Page, timeout: number) => page.getByText(/^not live: as of /).waitFor({ timeout })

describe('the dashboard', () => {
  it('is live again within seconds after a manager that was killed, and misses nothing', async () => {
    const ada = await person({ url: manager.url })
    ada.expects(/console error: Failed to load resource/)
    const page = await ada.open()
    await isLive(page, 5_000)
    await mark(page)
    await manager.kill()
    await isNotLive(page, SILENCE_MS)
    await page
      .getByText(/^Not known whether something needs attention|needs? attention: Manager: its readiness/)
      .waitFor()
    assert.equal(await page.getByText('Nothing needs attention.').count(), 0)
    await manager.start()
    // The containers of this engine have ended with their manager, and are made again.
    await eventually(async () => (await manager.get('/reserve?username=meanwhile')).status === 200)
    await isLive(page, BACK_MS)
    await page.getByText('meanwhile').first().waitFor({ timeout: 3_000 })
    await assertNotReloaded(page)
  })

  it('comes back by itself after a proxy that answered 502', async () => {
    const proxy = await openFailingProxy(manager.url)
    const ada = await person({ url: proxy.url })
    ada.expects(/console error: Failed to load resource.* 502/)
    // Of the connections that the proxy cuts.
    ada.allows(/console error: Failed to load resource/)
    const page = await ada.open()
    await isLive(page, 5_000)
    await mark(page)
    proxy.answer(response('502 Bad Gateway', 'text/html', '<h1>502 Bad Gateway</h1>'))
    await isNotLive(page, SILENCE_MS)
    await manager.reserve({ username: 'behind502' })
    // Several attempts fail meanwhile.
    await page.waitForTimeout(10_000)
    proxy.pass()
    await isLive(page, BACK_MS + 5_000)
    await page.getByText('behind502').first().waitFor({ timeout: 3_000 })
    await assertNotReloaded(page)
  })

  it('detects a silent connection, as after a sleep, and replaces it when the page becomes visible', async () => {
    const proxy = await openFailingProxy(manager.url)
    const ada = await person({ url: proxy.url })
    // Of the connections that end with the sleep.
    ada.allows(/console error: Failed to load resource/)
    const page = await ada.open()
    await isLive(page, 5_000)
    proxy.stall()
    await isNotLive(page, SILENCE_MS + 5_000)
    proxy.pass()
    // On waking, a browser closes the connections of its previous network.
    proxy.cut()
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await isLive(page, BACK_MS)
  })

  it('opens one stream for all tabs of a browser', async () => {
    const ada = await person({ url: manager.url })
    const streams: string[] = []
    ada.context.on('request', (request) => {
      if (request.url().includes('live=true')) streams.push(request.url())
    })
    const pages = [await ada.open()]
    while (pages.length < 8) pages.push(await ada.context.newPage())
    await Promise.all(pages.slice(1).map((page) => page.goto('/ui/')))
    for (const page of pages) await isLive(page, 10_000)
    assert.equal(streams.length, 1, streams.join('\n'))
    await manager.reserve({ username: 'eighttabs' })
    for (const page of pages) await page.getByText('eighttabs').first().waitFor({ timeout: 5_000 })
    // Another tab takes over when the one with the stream is closed.
    await pages[0]?.close()
    await manager.reserve({ username: 'seventabs' })
    for (const page of pages.slice(1)) await page.getByText('seventabs').first().waitFor({ timeout: 5_000 })
    assert.equal(streams.length, 2, streams.join('\n'))
  })
})
