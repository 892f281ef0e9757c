/** Serving of the dashboard, checked in a browser. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Response } from 'playwright-core'
import { openBrowser } from '../support/browser/browser.ts'
import { MAX_FIRST_LOAD_KB, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'
import { ROOT } from '../support/text/markdown.ts'

const manager = await testDashboard('served', { engine: 'memory', size: 3 })
const { person } = await openBrowser()
const { url } = manager

const gzipSize = (asset: string) => statSync(join(ROOT, 'web/dist', `${asset.split('/ui/')[1]}.gz`)).size

describe('the dashboard', () => {
  it('loads without a fault, only from its manager, and at most 240 kB', async (t) => {
    const ada = await person({ url })
    const answers: Response[] = []
    ada.context.on('response', (answer) => answers.push(answer))
    const page = await ada.open('/ui/')
    await page.waitForFunction("document.getElementById('root').childElementCount > 0")
    await screenshot(page, 'served')
    const assets = answers.filter((answer) => answer.url().includes('/ui/assets/'))
    assert.ok(assets.length >= 2, answers.map((answer) => answer.url()).join())
    for (const asset of assets) {
      const headers = await asset.allHeaders()
      assert.equal(asset.status(), 200, asset.url())
      assert.match(headers['cache-control'] ?? '', /immutable/, asset.url())
      assert.match(headers['content-encoding'] ?? '', /^(br|gzip)$/, asset.url())
    }
    const kb = assets.reduce((sum, asset) => sum + gzipSize(asset.url()), 0) / 1000
    t.diagnostic(`${kb.toFixed(1)} kB in ${assets.length} files, compressed with gzip`)
    assert.ok(kb <= MAX_FIRST_LOAD_KB, `${kb} kB`)
  })

  it('is at every path below /ui/, also after a reload', async () => {
    const ada = await person({ url })
    const page = await ada.open('/ui/pools/some-pool')
    await page.reload()
    await page.waitForFunction("document.getElementById('root').childElementCount > 0")
    assert.equal(new URL(page.url()).pathname, '/ui/pools/some-pool')
  })

  it('is where the address that the manager prints leads, and where curl gets text', async () => {
    const ada = await person({ url })
    const page = await ada.open('/')
    assert.equal(page.url(), `${url}/ui/`)
    const text = await fetch(`${url}/`, { redirect: 'manual' })
    assert.equal(text.status, 200)
    assert.match(await text.text(), /^Berth lends/)
  })

  it('has no script or handler in its document, and its policy lets none run', async () => {
    const ada = await person({ url })
    const page = await ada.open()
    const html = await (await fetch(`${url}/ui/`)).text()
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)[^>]*>|\son\w+=|javascript:/i)
    ada.expects(/policy violation: script-src-elem refuses inline/)
    ada.expects(/console error: .*Content Security Policy/)
    // An attacker who can insert unescaped text into a page would do the same.
    await page.evaluate(`{
      const script = document.createElement('script')
      script.textContent = 'globalThis.attacked = true'
      document.body.append(script)
    }`)
    assert.equal(await page.evaluate('globalThis.attacked'), undefined)
  })

  it('says without JavaScript where the API and the command are', async () => {
    const ada = await person({ url, javaScript: false })
    const page = await ada.open()
    const sentence = page.locator('noscript')
    await sentence.waitFor({ state: 'visible' })
    const shown = await sentence.innerText()
    assert.match(shown, /\/docs/)
    assert.match(shown, /command berth/)
  })

  it('cannot be shown in a frame', async () => {
    const ada = await person({ url })
    // A page without a policy, because the policies of the manager's own pages allow no frames.
    ada.expects(/console error: .*frame/i)
    const page = await ada.open('/ui/')
    await page.route('**/framing', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<link rel="icon" href="data:,"><iframe src="${url}/ui/"></iframe>`,
      }),
    )
    await page.goto('/framing')
    const frame = page.frames().find((each) => each !== page.mainFrame())
    assert.ok(frame)
    await frame.waitForLoadState()
    assert.doesNotMatch(await frame.content(), /id="root"/)
  })
})
