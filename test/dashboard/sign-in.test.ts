/** Signing in with a token, what users may not do, tokens and sessions. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { testManager } from '../../lab/manager.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'
import { assertNothingCutOff, cutCells } from '../support/browser/cut-off.ts'
import type { Person } from '../support/browser/person.ts'
import { screenshot } from '../support/browser/screenshot.ts'

buildDashboard()
const manager = await testManager('sign-in', { size: 5, top: { engine: 'memory', auth: 'tokens' } })
const admin = await manager.startWithToken()
await manager.untilReady()
const { person } = await openBrowser()

async function tokenOf(name: string, role: 'admin' | 'user'): Promise<{ id: string; token: string }> {
  const { status, body } = await manager.send('POST', '/v1/tokens', { name, role })
  assert.equal(status, 201)
  return body as { id: string; token: string }
}

const field = (page: Page) => page.getByLabel('API token')

async function signIn(page: Page, token: string): Promise<void> {
  await field(page).fill(token)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function signedIn(who: Person, token: string, path: string): Promise<Page> {
  const page = await who.open(path)
  await signIn(page, token)
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

describe('signing in', () => {
  it('says what is wrong with a token, and then opens the page that was asked for', async () => {
    const ada = await person({ url: manager.url })
    ada.expects(/console error: Failed to load resource.* 401/)
    const page = await ada.open('/ui/containers?state=ready&sort=-name')
    await screenshot(page, 'sign-in')
    assert.equal(await field(page).getAttribute('type'), 'password')
    assert.equal(await field(page).getAttribute('autocomplete'), 'off')
    await assertAccessible(page)
    await signIn(page, 'berth_nonsense')
    await page.locator('input[aria-invalid="true"]').waitFor()
    const described = ((await field(page).getAttribute('aria-describedby')) ?? '').split(' ')
    const said = await page.locator(`#${described.find((id) => id.endsWith('-error'))}`).textContent()
    const { body } = await manager.getAs<{ detail: string }>('berth_nonsense', '/v1/me')
    assert.equal(said, body.detail)
    await signIn(page, admin)
    await page.getByRole('heading', { name: 'Containers' }).waitFor()
    assert.match(page.url(), /\/ui\/containers\?state=ready&sort=-name$/)
    assert.equal(await page.locator('tbody tr').first().getAttribute('data-id'), `${manager.pool}-5`)
    // The token is kept nowhere in the browser.
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
    )
    assert.ok(!kept.includes(admin))
  })

  it('asks for a token before anything is sent', async () => {
    const page = await (await person({ url: manager.url })).open('/ui/')
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.method()))
    await field(page).waitFor()
    await signIn(page, ' ')
    await page.getByText('Enter an API token.').waitFor()
    await page.locator('input[aria-invalid="true"]:focus').waitFor()
    await assertAccessible(page)
    await page.keyboard.type('berth_')
    await page.getByText('Enter an API token.').waitFor({ state: 'detached' })
    assert.ok(!sent.includes('POST'))
  })

  it('leads back to the same page when a session has ended while it was open', async () => {
    const { id, token } = await tokenOf('grace', 'admin')
    const grace = await person({ url: manager.url })
    grace.expects(/console error: Failed to load resource.* 401/)
    const page = await signedIn(grace, token, '/ui/events?pool=none')
    await page.getByRole('heading', { name: 'Events' }).waitFor()
    const response = await fetch(`${manager.url}/v1/tokens/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${admin}` },
    })
    assert.equal(response.status, 200)
    // The stream is checked with each heartbeat; a request notices at once.
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.getByText('Your session as grace has ended.').waitFor()
    const again = await tokenOf('grace', 'admin')
    await signIn(page, again.token)
    await page.getByRole('heading', { name: 'Usage' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Events' }).waitFor()
  })

  it('signs out', async () => {
    const ada = await person({ url: manager.url })
    const page = await signedIn(ada, admin, '/ui/me')
    // The menu reads the caller again when it opens, and that request may arrive after the end of the session.
    ada.allows(/console error: Failed to load resource.* 401 .*\/v1\/me\)/)
    await page.getByRole('button', { name: /admin$/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await field(page).waitFor()
    await page.reload()
    await field(page).waitFor()
  })

  const FAILURES = { denied: /was cancelled, or denied/, expired: /took too long/, unheard: /See the log/ }
  for (const [error, text] of Object.entries(FAILURES)) {
    it(`says why a sign-in at the identity provider failed: ${error}`, async () => {
      const page = await (await person({ url: manager.url })).open(`/ui/sign-in?error=${error}`)
      await page.getByRole('alert').getByText(text).waitFor()
    })
  }
})

describe('a user', () => {
  it('has no buttons for what only admins may do, and reads what only admins may see', async () => {
    const { token } = await tokenOf('alice', 'user')
    const alice = await person({ url: manager.url })
    const page = await signedIn(alice, token, `/ui/containers/${manager.pool}-1`)
    await page.getByText('It is free').waitFor()
    assert.equal(await page.getByRole('button', { name: /^(Recycle|Quarantine|Return)/ }).count(), 0)
    await page.getByText('Only events of your own reservations. Admins see all events.').waitFor()
    await page.goto('/ui/tokens')
    await page.getByText('Only admins can see and create tokens. You are signed in as alice, a user.').waitFor()
  })
})

describe('a long name', () => {
  it('fits in the header of every width, and nothing in tables of 1280 px is hidden or cut off', async () => {
    const { token } = await tokenOf('alexandra.montgomery@example.org', 'admin')
    for (const width of [375, 801, 1280]) {
      const page = await signedIn(await person({ url: manager.url, width, touch: width < 600 }), token, '/ui/')
      await page.getByText('Latest events').waitFor()
      await assertNothingCutOff(page)
      await page.getByRole('button', { name: /^alexandra.*admin$/ }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
      await screenshot(page, `long-name-${width}`)
      await page.keyboard.press('Escape')
      if (width < 1280) continue
      for (const [path, heading] of [
        ['tokens', 'Created'],
        ['sessions', 'Ends within'],
      ] as const) {
        await page.goto(`/ui/${path}`)
        await page.getByRole('columnheader', { name: heading }).waitFor()
        await page.getByRole('row').nth(1).waitFor()
        await screenshot(page, `${path}-1280`)
        assert.deepEqual(
          (await cutCells(page)).filter((text) => !text.startsWith('alexandra')),
          [],
        )
        assert.doesNotMatch((await page.getByText(/^Arrow keys move/).textContent()) ?? '', /Enter/)
      }
    }
  })
})

describe('tokens', () => {
  it('are created with limits, shown once, and deleted after a question that names the consequences', async () => {
    const ada = await person({ url: manager.url })
    ada.expects(/console error: Failed to load resource.* 422/)
    const page = await signedIn(ada, admin, '/ui/tokens')
    await page.getByRole('button', { name: 'Create a token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('ci runner')
    await dialog.getByLabel('Valid for').fill('soon')
    await dialog.getByLabel('Containers at once').fill('3')
    await dialog.getByRole('button', { name: 'Create the token' }).click()
    await dialog.getByText(/^expires_in must be/).waitFor()
    await screenshot(page, 'token-form')
    await dialog.getByLabel('Name').fill('ci-runner')
    await dialog.getByLabel('Valid for').fill('30d')
    await dialog.getByRole('button', { name: 'Create the token' }).click()
    const code = dialog.locator('code')
    await code.waitFor()
    const token = (await code.textContent()) ?? ''
    const me = await manager.getAs<{ name: string; limits: { containers: number } }>(token, '/v1/me')
    assert.deepEqual([me.body.name, me.body.limits.containers], ['ci-runner', 3])
    await dialog.getByRole('button', { name: 'I have copied it' }).click()
    const row = page.getByRole('row', { name: /ci-runner/ })
    await row.getByText('3 containers').waitFor()
    assert.ok(!(await page.content()).includes(token))

    await row.getByRole('button', { name: 'Delete ci-runner' }).click()
    await page
      .getByRole('dialog')
      .getByText(/are refused, and browsers that signed in with it are signed out/)
      .waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the token of ci-runner' }).click()
    await row.waitFor({ state: 'detached' })
    assert.equal((await manager.getAs(token, '/v1/me')).status, 401)
  })
})

describe('the deletion of the token that one is signed in with', () => {
  it('warns that it ends the session, and that no admin token is left', async () => {
    const page = await signedIn(await person({ url: manager.url }), admin, '/ui/tokens?role=admin')
    const { body } = await manager.getAs<{ tokens: { id: string; role: string }[] }>(admin, '/v1/tokens')
    const own = admin.split('_')[1]
    const others = body.tokens.filter(({ id, role }) => role === 'admin' && id !== own)
    for (const { id } of others) {
      const headers = { authorization: `Bearer ${admin}` }
      assert.equal((await fetch(`${manager.url}/v1/tokens/${id}`, { method: 'DELETE', headers })).status, 200)
    }
    await page.reload()
    await page.getByRole('button', { name: /^Delete admin/ }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('This ends your own session').waitFor()
    await dialog.getByText(/No admin token is left then\. .*berth token create --offline --name NAME --admin/).waitFor()
    await screenshot(page, 'last-admin-token')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
  })
})

describe('tokens that expire soon', () => {
  const expiring = (name: string, days: string) =>
    manager.send('POST', '/v1/tokens', { name, role: 'user', expires_in: days })

  it('need the attention of admins on the overview, which leads to each of them', async () => {
    await expiring('nightly', '3d')
    await expiring('yearly', '365d')
    const page = await signedIn(await person({ url: manager.url }), admin, '/ui/')
    const link = page.getByRole('link', { name: /^The token of nightly expires in 2 d 23 h/ })
    await link.waitFor()
    assert.equal(await page.getByText('The token of yearly').count(), 0)
    await assertAccessible(page)
    await link.click()
    await page.getByText(/^1 of \d+ tokens$/).waitFor()
    await page.getByRole('row', { name: /nightly/ }).waitFor()
    const { token } = await tokenOf('vera', 'user')
    const vera = await signedIn(await person({ url: manager.url }), token, '/ui/')
    await vera.getByText('Nothing needs attention.').waitFor()
  })
})

describe('sessions', () => {
  it('are listed, and end one by one', async () => {
    const { token } = await tokenOf('linus', 'user')
    const [here, there] = [await person({ url: manager.url }), await person({ url: manager.url })]
    there.expects(/console error: Failed to load resource.* 401/)
    const other = await signedIn(there, token, '/ui/me')
    const page = await signedIn(here, token, '/ui/sessions')
    await page.getByText('2 sessions').waitFor()
    await page.getByText('linus · this browser').waitFor()
    await screenshot(page, 'sessions')
    await page.getByRole('button', { name: 'End all others …' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End 1 session' }).click()
    await page.getByText('1 ended', { exact: true }).waitFor()
    await page.getByText('1 session', { exact: true }).waitFor()
    await other.getByRole('link', { name: 'Containers' }).click()
    await other.getByText('Your session as linus has ended.').waitFor()
  })
})
