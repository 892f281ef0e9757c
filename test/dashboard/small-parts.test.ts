/** Small parts of pages that once showed or did something wrong. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../lab/eventually.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { screenshot } from '../support/browser/screenshot.ts'
import { makeReservation, releaseReservation, testDashboard } from '../support/browser/dashboard.ts'

const manager = await testDashboard('small-parts', { engine: 'memory', size: 30 })
const { person } = await openBrowser()
const { url, pool } = manager

async function reserve(username: string, count = 1): Promise<string[]> {
  const ids: string[] = []
  for (let made = 0; made < count; made++) {
    ids.push((await makeReservation(manager, { username, pool })).id)
  }
  return ids
}

/** Containers held by all callers: without sign-in, they have one identity. */
const heldCount = async () => (await manager.get<{ containers_held: number }>('/v1/me')).body.containers_held

describe('the overview', () => {
  it('does not say that nothing needs attention when a proxy answers /readyz', async () => {
    const ada = await person({ url })
    ada.expects(/status of 502/)
    const body = '<html><h1>502 Bad Gateway</h1></html>'
    await ada.page.route('**/readyz', (call) => call.fulfill({ status: 502, contentType: 'text/html', body }))
    const page = await ada.open()
    await page.getByText(/1 thing needs attention: .*could not be read: the proxy at \S+ answers 502/).waitFor()
    assert.equal(await page.getByText('Nothing needs attention.').count(), 0)
    await assertAccessible(page)
  })
})

describe('a filter', () => {
  const ticking = `setInterval(() => {
    const query = new URLSearchParams(location.search)
    query.set('tick', String(Math.round(performance.now())))
    history.replaceState(history.state, '', '?' + query)
  }, 100)`

  it('applies on a page that renders ten times a second', async () => {
    const ada = await person({ url })
    const page = await ada.open('/ui/containers')
    await page.getByText('30 containers').waitFor()
    await page.evaluate(ticking)
    await page.getByLabel('Filter', { exact: true }).focus()
    await page.keyboard.type(`${pool}-30`)
    await page.getByText('1 of 30 containers').waitFor({ timeout: 5_000 })
    await page.goto('/ui/events')
    await page.getByText(/^\d+ events$/).waitFor()
    await page.evaluate(ticking)
    await page.getByLabel('Container', { exact: true }).focus()
    await page.keyboard.type(`${pool}-30`)
    await page.getByText(`--container ${pool}-30`).waitFor({ timeout: 5_000 })
  })
})

describe('the panels of bulk actions', () => {
  it('keep what they show when an earlier one is closed', async () => {
    await Promise.all([reserve('many', 21), reserve('few', 2)])
    const page = await (await person({ url })).open('/ui/reservations')
    const panels = page.getByRole('region', { name: 'Bulk actions' })
    for (const [username, count] of [
      ['many', 21],
      ['few', 2],
    ] as const) {
      await page.getByLabel('Account').selectOption(username)
      await page.getByRole('button', { name: `Select all ${count} that match` }).click()
      await page.locator('main').getByRole('button', { name: 'Extend', exact: true }).first().click()
      await panels.getByText(`Extend ${count} reservations`, { exact: true }).waitFor()
    }
    const results = panels.getByRole('list', { name: 'Results' })
    await results.getByText('few').first().waitFor()
    // The earlier panel is folded, so that the table stays readable.
    assert.equal(await panels.getByRole('list', { name: 'Results' }).count(), 1)
    await panels.getByRole('button', { name: 'Fold “Extend 2 reservations”' }).click()
    await results.waitFor({ state: 'detached' })
    await screenshot(page, 'bulk-folded')
    await panels.getByRole('button', { name: 'Unfold “Extend 2 reservations”' }).click()
    await panels.getByRole('button', { name: 'Close “Extend 21 reservations”' }).click()
    await panels.getByText('Extend 21 reservations', { exact: true }).waitFor({ state: 'detached' })
    assert.equal(await results.getByRole('listitem').count(), 2)
  })
})

describe('a copy button', () => {
  it('shows the text selected where the browser refuses to copy', async () => {
    const [id] = await reserve('alice')
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    const button = page.getByRole('button', { name: /^Copy the ssh command/ })
    await button.waitFor()
    await button.click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' })
    // Chromium without a window allows every page to copy; other browsers do not.
    await page.evaluate('document.execCommand = () => false')
    await button.click()
    const dialog = page.getByRole('dialog', { name: 'The text was not copied' })
    await dialog.waitFor()
    assert.equal(await page.getByRole('button', { name: 'Copied' }).count(), 0)
    const field = dialog.getByRole('textbox')
    await field.and(page.locator(':focus')).waitFor()
    const selected = await page.evaluate<string>(
      'const { value, selectionStart, selectionEnd } = document.activeElement; value.slice(selectionStart, selectionEnd)',
    )
    assert.match(selected, /^ssh -p \d+ alice@localhost$/)
    await assertAccessible(page)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  })
})

describe('the form for reserving', () => {
  it('names keys only where there is a keyboard', async () => {
    for (const touch of [false, true]) {
      const page = await (await person({ url, touch, width: touch ? 375 : 1280 })).open('/ui/reserve')
      await page.getByLabel('Account').waitFor()
      assert.equal(await page.getByText('goes back').isVisible(), !touch)
    }
  })

  it('asks for a key when there is no password, and sends nothing', async () => {
    const before = await heldCount()
    const page = await (await person({ url })).open('/ui/reserve')
    await page.getByText('Name, keys, password, queue, note').click()
    await page.getByLabel('Password', { exact: true }).selectOption('none')
    await page.getByText('A public key is needed').waitFor()
    await page.getByLabel('Account').press('Enter')
    await page.getByLabel('SSH keys').and(page.locator(':focus')).waitFor()
    assert.equal(await heldCount(), before)
  })

  it('takes over the account of a reservation that has ended', async () => {
    const [id = ''] = await reserve('carol')
    await releaseReservation(manager, id)
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    await page.getByRole('link', { name: 'Reserve again' }).click()
    await page.getByLabel('Account').waitFor()
    assert.equal(await page.getByLabel('Account').inputValue(), 'carol')
  })
})

describe('the page of a person', () => {
  it('counts the containers that are held now', async () => {
    const before = await heldCount()
    const page = await (await person({ url })).open()
    await page.getByText('Nothing needs attention.').waitFor()
    await reserve('dora', 2)
    await page.getByRole('link', { name: 'Me and settings' }).click()
    await page.getByText(`${before + 2} held`).waitFor({ timeout: 5_000 })
  })
})

describe('an action without a network', () => {
  it('fails at once, instead of being sent when the network is back', async () => {
    const [id] = await reserve('eve')
    const ada = await person({ url })
    ada.allows(/ERR_INTERNET_DISCONNECTED/)
    const page = await ada.open(`/ui/reservations/${id}`)
    await page.getByText('59 min · until').or(page.getByText('1 h')).first().waitFor()
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'Extend', exact: true }).click()
    await page.getByRole('alert').filter({ hasText: 'not extended' }).waitFor({ timeout: 5_000 })
    await page.context().setOffline(false)
  })
})

describe('the page of a reservation with keys only', () => {
  it('does not claim that there was a password', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPqjPkUdx8JdFuyFUyuKHNArq/3Tr7qUEqhOk9C5oRrD'
    const { id } = await makeReservation(manager, { username: 'hal', pool, ssh_keys: [key] })
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    await page.getByText('If a password was generated, it was shown once').waitFor()
    assert.equal(await page.getByText('The password was').count(), 0)
  })
})

describe('an extension', () => {
  it('that is refused by the maximum says so, with the end that stays', async () => {
    const { id } = await makeReservation(manager, { username: 'ivy', pool, duration: '1d' })
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    const refused = page.getByRole('alert').filter({ hasText: `Not extended: 1d is the maximum of pool "${pool}"` })
    await page.getByRole('button', { name: 'Extend', exact: true }).click()
    await refused.getByText(/: until /).waitFor()
    await refused.getByRole('button', { name: 'Close the message' }).click()
    await refused.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Extend by …' }).click()
    await page.getByLabel('Duration').fill('1h')
    await page.keyboard.press('Enter')
    await refused.getByText('ivy').waitFor()
    await releaseReservation(manager, id)
  })

  it('happens once after a double click', async () => {
    const [id] = await reserve('fay')
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    let extensions = 0
    await page.route(`**/v1/reservations/${id}`, async (call) => {
      if (call.request().method() === 'PATCH') {
        extensions += 1
        await page.waitForTimeout(500)
      }
      await call.continue()
    })
    await page.getByRole('button', { name: 'Extend', exact: true }).dblclick()
    await page.getByText(/: until /).waitFor()
    assert.equal(extensions, 1)
  })

  it('happens once while its key is held down', async () => {
    const [id] = await reserve('gil')
    const page = await (await person({ url })).open(`/ui/reservations/${id}`)
    let extensions = 0
    page.on('request', (request) => {
      if (request.method() === 'PATCH') extensions += 1
    })
    await page.getByRole('button', { name: 'Extend', exact: true }).waitFor()
    await page.keyboard.down('e')
    await page.getByText(/: until /).waitFor()
    // The key repeats.
    await page.keyboard.down('e')
    await page.waitForTimeout(300)
    assert.equal(extensions, 1)
    await page.keyboard.up('e')
    await page.keyboard.press('e')
    await eventually(async () => extensions === 2)
  })
})
