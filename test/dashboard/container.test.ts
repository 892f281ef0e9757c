/** Containers that need an admin: why one is broken, quarantine, return, recycle, and what is refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard, testDashboard } from '../support/browser/dashboard.ts'
import { screenshot } from '../support/browser/screenshot.ts'
import { testManager } from '../../lab/manager.ts'

buildDashboard()
const sound = await testDashboard('container-page', { engine: 'memory', size: 3 })
/** Docker has no such image, and none is fetched. */
const broken = await testManager('no-image', { poolName: 'alpine', size: 1, pool: { image: 'berth/there-is-none' } })
const { person } = await openBrowser()

const actions = (page: Page) => page.getByRole('region', { name: 'Actions' })
const agree = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name }).click()

describe('the page of a container', () => {
  it('quarantines, returns and recycles it, and shows its history', async () => {
    const name = `${sound.pool}-1`
    const page = await (await person({ url: sound.url })).open(`/ui/containers/${name}`)
    await page.getByText('It is free').waitFor()
    await actions(page).getByRole('button', { name: 'Quarantine …' }).click()
    await agree(page, `Quarantine ${name}`)
    await page.getByText('It is kept for inspection').waitFor()
    await actions(page).getByRole('button', { name: 'Return …' }).click()
    await agree(page, `Return ${name}`)
    await page.getByText('Generation 2').waitFor()
    await page.getByText('It is free').waitFor()
    await actions(page).getByRole('button', { name: 'Recycle …' }).click()
    await agree(page, `Recycle ${name}`)
    await page.getByText('Generation 3').waitFor()
    const history = page.getByRole('region', { name: 'History' }).getByRole('list').first()
    const entries = await history.locator('> li').allTextContents()
    assert.deepEqual(
      entries.map((text) => /^Generation \d/.exec(text)?.[0]),
      ['Generation 3', 'Generation 2', 'Generation 1'],
    )
    assert.match(entries[0] ?? '', /current$/)
    assert.match(entries[1] ?? '', /ended .*: recycled by anyone$/)
    assert.match(entries[2] ?? '', /quarantined .*ended .*: returned from quarantine by anyone$/s)
    await screenshot(page, 'container-history')
  })

  it('reads only new events of its history', async () => {
    const [name, other] = [`${sound.pool}-2`, `${sound.pool}-3`]
    const ada = await person({ url: sound.url })
    const reads: URLSearchParams[] = []
    ada.context.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url())
      if (pathname === '/v1/events' && searchParams.has('container')) reads.push(searchParams)
    })
    const page = await ada.open(`/ui/containers/${name}`)
    await page.getByText('Generation 1').waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    const { body } = await sound.get<{ events: { id: number }[] }>(`/v1/events?container=${name}&tail=1`)
    // Events of another container, then some of this one.
    for (const one of [other, name]) await sound.send('POST', `/v1/containers/${one}/recycle`, {})
    await page.getByText('Generation 2').waitFor()
    const [first, ...later] = reads
    assert.equal(first?.get('tail'), '1000')
    assert.ok(later.length > 0)
    for (const read of later) assert.ok(Number(read.get('after')) >= (body.events[0]?.id ?? 0), String(read))
    const entries = page.getByRole('region', { name: 'History' }).getByRole('listitem')
    assert.equal(await entries.filter({ hasText: /^Generation/ }).count(), 2)
  })

  it('says beside the button why a reserved container is not recycled', async () => {
    const { containers } = await sound.reserve({ username: 'alice' })
    const name = containers[0]?.container ?? ''
    const ada = await person({ url: sound.url })
    ada.expects(/console error: Failed to load resource.* 409/)
    const page = await ada.open(`/ui/containers/${name}`)
    await page.getByRole('link', { name: 'alice' }).first().waitFor()
    await actions(page).getByRole('button', { name: 'Recycle …' }).click()
    const alert = actions(page).getByRole('alert')
    await alert.getByText(`${name} is reserved; release reservation`).waitFor()
    assert.equal(await alert.getByRole('link', { name: 'conflict' }).getAttribute('href'), '/docs/errors#conflict')
    await actions(page).getByRole('button', { name: 'Reset …' }).click()
    await agree(page, `Reset ${name}`)
    await page.getByText('reset by anyone').waitFor()
    // The reservation stays as it is.
    await page.getByRole('link', { name: 'alice' }).first().waitFor()
  })

  it('says why it is broken, in the list and on its page', async () => {
    await broken.start()
    await broken.until('broken', (all) => all.every(({ state }) => state === 'broken'))
    const [found] = await broken.containers()
    const page = await (await person({ url: broken.url })).open('/ui/containers')
    const row = page.getByRole('row', { name: new RegExp(found?.name ?? '') })
    await row.getByText('broken', { exact: true }).waitFor()
    const reason = await row.locator('.needs-person').getAttribute('title')
    assert.match(reason ?? '', /berth\/there-is-none/)
    // It has the room of the columns that are empty beside it.
    const room = (await row.locator('td', { has: page.locator('.needs-person') }).boundingBox())?.width ?? 0
    assert.ok(room > 420, `${room} px`)
    await screenshot(page, 'reason-1280')
    await row.getByRole('link', { name: found?.name ?? '' }).click()
    await page.getByText('It could not be created or checked').waitFor()
    await page
      .locator('p.needs-person')
      .getByText(/berth\/there-is-none/)
      .waitFor()
    await page
      .getByRole('region', { name: 'History' })
      .getByText(/failed at .*berth\/there-is-none/)
      .first()
      .waitFor()
    await screenshot(page, 'container-broken')
    const name = found?.name ?? ''
    await actions(page).getByRole('button', { name: 'Quarantine …' }).click()
    await agree(page, `Quarantine ${name}`)
    await page.getByText('It is kept for inspection').waitFor()
    await actions(page).getByRole('button', { name: 'Return …' }).click()
    await agree(page, `Return ${name}`)
    await page.getByText(`${name} is returned and being recycled`).waitFor()
  })
})
