/**
 * The pictures of README.md and docs/dashboard.md, on real containers. `SCREENSHOTS=docs/images node --test` of
 * this file renews them. It also checks for faults and accessibility, as every test in a browser does.
 */
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'
import { spreadHistory } from '../support/browser/history.ts'
import type { PersonOptions } from '../support/browser/person.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('screenshots', {
  engine: 'docker',
  size: 12,
  poolName: 'alpine',
  pool: { duration: { default: '60m' } },
  further: { '-ci': { size: 4, duration: { default: '15m' } } },
})
const { person } = await openBrowser()

const SCHEMES = ['light', 'dark'] as const

const STEP_MS = 10 * 60_000

/** Number of containers that are reserved in each step: in alpine by people, in alpine-ci by a job. */
const RENEWED = [
  { alpine: 2, ci: 1 },
  { alpine: 5, ci: 3 },
  { alpine: 9, ci: 2 },
  { alpine: 12, ci: 4 },
  { alpine: 11, ci: 4 },
  { alpine: 8, ci: 3 },
  { alpine: 4, ci: 1 },
  { alpine: 6, ci: 2 },
  { alpine: 10, ci: 4 },
  { alpine: 7, ci: 2 },
]
/** Without pictures to renew, some history is enough. */
const ROUNDS = process.env['SCREENSHOTS'] === undefined ? RENEWED.slice(-2) : RENEWED

const PEOPLE = ['ada', 'ben', 'cleo', 'dan', 'eve'] as const

async function reserve(body: object): Promise<string> {
  return (await makeReservation(manager, body)).id
}

const release = (ids: readonly string[]) => Promise.all(ids.map((id) => releaseReservation(manager, id)))

/** Makes a history of hours, then leaves the pools as on a normal day. */
async function useThePools(): Promise<void> {
  const begins: number[] = []
  let open: string[] = []
  for (const [nth, { alpine, ci }] of ROUNDS.entries()) {
    begins.push(Date.now())
    const queued = ci === 4 ? [await reserve({ username: 'nightly', pool: 'alpine-ci', count: 4, wait: '1h' })] : []
    await release(open)
    await manager.until('all ready, apart from those of a queued job', (all) =>
      all.every(({ name, state }) => state === 'ready' || (queued.length > 0 && name.startsWith('alpine-ci'))),
    )
    const people = PEOPLE.map((username, index) => ({ username, count: share(alpine, index + nth, PEOPLE.length) }))
    const made = people.filter(({ count }) => count > 0).map(({ username, count }) => reserve({ username, count }))
    open = [...queued, ...(await Promise.all(made))]
    if (queued.length === 0) open.push(await reserve({ username: 'nightly', pool: 'alpine-ci', count: ci }))
  }
  begins.push(Date.now())
  await release(open)
  await manager.untilReady()
  await reserveAsToday()
  await manager.interrupt()
  spreadHistory(join(manager.folder, 'containers.db'), begins, STEP_MS)
  await manager.start()
}

function share(total: number, nth: number, parts: number): number {
  return Math.floor((total + (nth % parts)) / parts)
}

async function reserveAsToday(): Promise<void> {
  await reserve({ username: 'alice', name: 'web', count: 2, duration: '47m', note: 'workshop: two web servers' })
  await reserve({ username: 'bob', name: 'cluster', count: 4, duration: '95m', note: 'quorum after a lost node' })
  await reserve({ username: 'carol', count: 1, duration: '8m' })
  const run = 'https://ci.example.org/runs/4711'
  await reserve({ username: 'ci', name: 'job-4711', pool: 'alpine-ci', count: 2, note: run })
  await reserve({ username: 'ci', name: 'job-4712', pool: 'alpine-ci', count: 1, duration: '12m' })
  await reserve({ username: 'dora', name: 'release', pool: 'alpine-ci', count: 3, wait: '1h' })
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
  await useThePools()

  for (const scheme of SCHEMES) {
    it(`show the overview, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open()
      await page.locator('[data-state="reserved"]').nth(6).waitFor()
      await assertAccessible(page)
      await screenshot(page, `overview-${scheme}`)
    })

    it(`show trends, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open('/ui/trends?from=now-1h')
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

  // Last: other pages offer to continue a shell that is open.
  for (const scheme of SCHEMES) {
    it(`show a terminal, ${scheme}`, async () => {
      const page = await (await enter(scheme)).open()
      await openTerminal(page)
      await assertAccessible(page)
      await screenshot(page, `terminal-${scheme}`)
    })
  }
})
