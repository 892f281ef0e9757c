/** An image that cannot be lent: the overview says why, on the tiles and in the list of what needs a person. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'
import { ownImages } from '../support/engine/own-images.ts'

const images = await ownImages()
const broken = await images.running('needs', 'rm -f /usr/bin/sudo')
buildDashboard()
const manager = await testManager('needs', { size: 1, further: { lab: { size: 2, image: broken } } })
const browser = await openBrowser()
const lab = `${manager.pool}lab`
const REASON = /neither sudo nor doas/

const stateOf = async (name: string) => (await manager.containers()).find((one) => one.name === name)?.state

before(async () => {
  await manager.start()
  await eventually(async () => (await stateOf(`${lab}-1`)) === 'broken' && (await stateOf(`${lab}-2`)) === 'broken')
})

describe('what needs a person', () => {
  it('is said on the tile, in the sentence and in a list; quarantine and return are beside it', async () => {
    const person = await browser.person({ url: manager.url })
    const page = await person.open()
    const tile = (state: string) => page.locator(`[data-slot="${lab}-1"][data-state="${state}"]`)
    await tile('broken').getByText(REASON).waitFor()
    await page
      .getByText(/No container can be lent: .*neither sudo nor doas/)
      .first()
      .waitFor()
    await page.getByText(/^\d things need attention, first: /).waitFor()
    const item = page.getByRole('listitem').filter({ hasText: `${lab}-1 has been broken for` })
    const text = (await item.textContent()) ?? ''
    assert.match(text, REASON)
    assert.match(text, /\(\d+ attempts?, next attempt (in|now)/)
    await assertAccessible(page)
    await screenshot(page, 'needs-person')
    // The manager refuses a quarantine during an attempt, when the container is being removed.
    await item.filter({ hasText: /next attempt in (?:\d+ min|\d\d s|[4-9] s)/ }).waitFor()
    await item.getByRole('button', { name: `Quarantine: ${lab}-1` }).click()
    await tile('quarantined').waitFor()
    assert.equal(await stateOf(`${lab}-1`), 'quarantined')
    await tile('quarantined').press('Enter')
    await page.getByRole('button', { name: 'Return …' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Return/ })
      .click()
    await eventually(async () => (await stateOf(`${lab}-1`)) !== 'quarantined')
  })
})
