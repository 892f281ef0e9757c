/**
 * The pictures of README.md and docs/dashboard.md, on real containers. `SCREENSHOTS=docs/images node --test` of
 * this file renews them. It also checks for faults and accessibility, as every test in a browser does.
 */
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { testDashboard } from '../support/browser/dashboard.ts'
import type { PersonOptions } from '../support/browser/person.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('screenshots', {
  engine: 'docker',
  size: 12,
  poolName: 'alpine',
  pool: { duration: { default: '60m' } },
})
const { person } = await openBrowser()

const SCHEMES = ['light', 'dark'] as const

/** Makes some history, then leaves the pool as on a normal day: seven are reserved, by three people. */
async function useThePool(): Promise<void> {
  for (const round of [1, 2, 3]) {
    await manager.reserve({ username: `round${round}`, count: 4 })
    await manager.get('/release_all')
    await manager.untilReady()
  }
  for (const [username, count, duration] of [
    ['alice', 2, 47],
    ['bob', 4, 90],
    ['carol', 1, 8],
  ] as const) {
    await manager.reserve({ username, count, duration })
  }
}

/** Opens a terminal in alice's first container, and waits for its prompt. */
async function openTerminal(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Terminal/ })
    .first()
    .click()
  await page.locator('.xterm-rows', { hasText: '$' }).waitFor()
  await page.keyboard.type('cat /etc/os-release | head -3; time-left\n')
  await page.locator('.xterm-rows', { hasText: 'VERSION' }).waitFor()
  await page.waitForTimeout(500)
}

async function enter(colorScheme: 'light' | 'dark', options: Partial<PersonOptions> = {}) {
  return person({ url: manager.url, colorScheme, ...options })
}

describe('pictures of the dashboard', async () => {
  await useThePool()

  for (const scheme of SCHEMES) {
    it(`show the overview, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open()
      await page.locator('[data-state="reserved"]').nth(6).waitFor()
      await assertAccessible(page)
      await screenshot(page, `overview-${scheme}`)
    })

    it(`show a terminal, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open()
      await openTerminal(page)
      await assertAccessible(page)
      await screenshot(page, `terminal-${scheme}`)
    })

    it(`show trends, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open('/ui/trends?from=now-15m')
      await page.locator('canvas').first().waitFor()
      await page.waitForTimeout(500)
      await assertAccessible(page)
      await screenshot(page, `trends-${scheme}`)
    })

    it(`show the overview on a phone, ${scheme}`, async () => {
      const page = await (await enter(scheme, { width: 375, height: 740, touch: true })).open()
      await page.locator('[data-state="reserved"]').nth(6).waitFor()
      await assertAccessible(page)
      await screenshot(page, `phone-${scheme}`)
    })
  }
})
