/** Every page, light and dark, on a phone and on a wide screen, is accessible (axe) and cuts nothing off. */
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { testManager } from '../../lab/manager.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { assertNothingCutOff } from '../support/browser/cut-off.ts'
import { makeReservation, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'

const manager = await testDashboard('pages', {
  engine: 'memory',
  poolName: 'alpine',
  size: 8,
  further: { lab: { size: 40 } },
})
/** Manager with sign-in, for the page of the sign-in. */
const closed = await testManager('closed', { size: 1, top: { engine: 'memory', auth: 'tokens' } })
await closed.start()
const { person } = await openBrowser()
const { url, pool } = manager

async function reserve(some: object): Promise<string> {
  return (await makeReservation(manager, { pool, ...some })).id
}

const active = await reserve({ username: 'ada', count: 2, note: 'run https://ci.example.org/runs/7' })
await reserve({ username: 'ben' })
const ended = await reserve({ username: 'carol' })
await releaseReservation(manager, ended)
await manager.send('POST', `/v1/containers/${pool}-8/quarantine`, {})
await manager.send('POST', '/v1/tokens', { name: 'lab7', role: 'user' })

/** Each page, with a text that is shown once the page is complete. */
const PAGES: readonly (readonly [name: string, path: string, text: string | RegExp])[] = [
  ['overview', '', 'Latest events'],
  ['reserve', 'reserve', 'Count'],
  ['pool', `pools/${pool}`, 'Holders'],
  ['containers', 'containers', '48 containers'],
  ['container', `containers/${pool}-1`, 'History'],
  ['quarantined', `containers/${pool}-8`, 'It is kept for inspection'],
  ['reservations', 'reservations?state=all', /\d reservations/],
  ['reservation', `reservations/${active}`, 'Access'],
  ['ended', `reservations/${ended}`, 'It was released before it expired.'],
  ['trends', 'trends', 'Occupancy'],
  ['usage', 'usage?by=day', /hours/i],
  ['events', 'events', /^\d+ events$/],
  ['nodes', 'nodes', 'The engine is one machine'],
  ['tokens', 'tokens', 'lab7'],
  ['sessions', 'sessions', /session/],
  ['me', 'me', 'Settings of this browser'],
  ['terminal', `terminal/${pool}-3`, `${pool}-3`],
  ['missing', 'nowhere', 'There is no such page'],
]

/** Without animations such as the cursor of a terminal, which never end. */
const TRANSITIONS_END = `Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map(({ finished }) => finished),
)`

/** Checks the page in light, and the colours also in dark: places and sizes are the same. */
async function check(page: Page, name: string): Promise<void> {
  // Charts and lists that are still read change what is there.
  await page.waitForTimeout(300)
  await screenshot(page, `${name}-light`)
  await assertAccessible(page)
  await assertNothingCutOff(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
  // Colours fade from one scheme to the other.
  await page.evaluate(TRANSITIONS_END)
  await screenshot(page, `${name}-dark`)
  await assertAccessible(page)
  await page.emulateMedia({ colorScheme: 'light' })
}

for (const width of [375, 1920]) {
  describe(`is accessible and not cut off, ${width} px:`, () => {
    const enter = (at = url) => person({ url: at, width, height: 900, colorScheme: 'light', touch: width < 600 })

    for (const [name, path, text] of PAGES) {
      it(name, async () => {
        const ada = await enter()
        const page = await ada.open(`/ui/${path}`)
        await page.getByText(text).first().waitFor()
        await check(page, `${name}-${width}`)
      })
    }

    it('sign-in', async () => {
      const page = await (await enter(closed.url)).open()
      await page.getByLabel('API token').waitFor()
      await check(page, `sign-in-${width}`)
    })

    it('palette, list of shortcuts, confirmation', async () => {
      const page = await (await enter()).open()
      await page.getByText('Latest events').waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: /^Search/ }).waitFor()
      await check(page, `palette-${width}`)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
      await check(page, `keys-${width}`)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page
        .getByRole('button', { name: /^Release / })
        .first()
        .click()
      await page.getByRole('dialog', { name: 'Release this reservation?' }).waitFor()
      await check(page, `confirmation-${width}`)
    })
  })
}
