/** Signing in at an identity provider with a browser: its forms, refusals, and what the browser receives. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Page, Response } from 'playwright-core'
import { parse, stringify } from 'yaml'
import { testManager } from '../../lab/manager.ts'
import { assertAccessible } from '../support/browser/accessibility.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard } from '../support/browser/dashboard.ts'
import type { Person } from '../support/browser/person.ts'
import { screenshot } from '../support/browser/screenshot.ts'
import { CLIENT, openSignInProvider } from '../support/http/sign-in-provider.ts'

buildDashboard()
const manager = await testManager('oidc', { size: 2, poolName: 'alpine', top: { engine: 'memory', auth: 'tokens' } })
// Another host than that of the provider, so that the browser comes back from another site.
const url = manager.url.replace('127.0.0.1', 'localhost')
const provider = await openSignInProvider({ redirectUri: `${url}/v1/session/oidc/callback`, hasForms: true })
const file = join(manager.folder, 'berth.yml')
const client = { client_id: CLIENT.id, client_secret_file: 'secret' }
const oidc = { issuer: provider.issuer, audience: 'berth', admin_claim: 'groups=berth-admins', ...client }
writeFileSync(join(manager.folder, 'secret'), CLIENT.secret, { mode: 0o600 })
writeFileSync(file, stringify({ ...parse(readFileSync(file, 'utf8')), url, auth: { oidc } }))
await manager.start()
const { person } = await openBrowser()

/** The pages of the provider are on another origin, and ask for a font elsewhere, which no test needs. */
async function visitor(): Promise<Person> {
  const who = await person({ url })
  who.allows(/request to another origin|ERR_FAILED .*fonts/)
  await who.context.route(/fonts\.googleapis/, (route) => route.abort())
  return who
}

/** Opens a page of the dashboard, and leaves for the provider. */
async function away(who: Person, path = '/ui/me'): Promise<Page> {
  const page = await who.open(path)
  await page.getByRole('link', { name: `Sign in with ${new URL(provider.issuer).host}` }).click()
  await page.waitForURL(`${provider.issuer}/**`)
  return page
}

async function logIn(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name)
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).waitFor()
}

async function signIn(who: Person, name: string, path?: string): Promise<Page> {
  const page = await away(who, path)
  await logIn(page, name)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

const said = (page: Page, text: string) => page.getByRole('alert').getByText(text).waitFor()

/** Records what a browser receives. Returns a function that returns the addresses, headers and bodies of answers. */
function recorded(who: Person): () => Promise<string> {
  const responses: Response[] = []
  who.context.on('response', (response) => void responses.push(response))
  return async () => {
    const texts = responses.map(async (response) => {
      const isStream = response.url().includes('live=true')
      const body = isStream ? '' : await response.text().catch(() => '')
      return [response.url(), JSON.stringify(await response.headersArray()), body].join('\n')
    })
    return (await Promise.all(texts)).join('\n')
  }
}

describe('a sign-in at the identity provider', () => {
  it('leads over its forms to the requested page, survives a reload, and ends with a sign-out', async () => {
    const ann = await visitor()
    const page = await signIn(ann, 'ann', '/ui/containers?state=ready')
    assert.equal(page.url(), `${url}/ui/containers?state=ready`)
    await page.reload()
    await page.getByText('live', { exact: true }).waitFor()
    await page.goto('/ui/me')
    await page.getByText('oidc:ann', { exact: true }).first().waitFor()
    await page.getByText('the identity provider', { exact: false }).first().waitFor()
    await screenshot(page, 'oidc-me')
    await page.getByRole('button', { name: /oidc:ann/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: /^Sign in with/ }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: /^Sign in with/ }).waitFor()
    assert.equal(await page.evaluate("fetch('/v1/session').then((r) => r.json()).then((s) => s.identity)"), null)
  })

  it('gives the browser no token of the provider', async () => {
    const ann = await visitor()
    const everything = recorded(ann)
    const had = provider.issued.length
    const page = await signIn(ann, 'ann')
    const tokens = provider.issued.slice(had)
    assert.equal(tokens.length, 2, 'an ID token and an access token')
    const kept = await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
    const all = [await everything(), kept, JSON.stringify(await ann.context.storageState())].join('\n')
    assert.ok(all.includes('oidc:ann') && all.includes('berth-'), 'the answers were not recorded')
    for (const token of [...tokens, CLIENT.secret]) assert.ok(!all.includes(token))
    // Scripts of the page cannot read its cookie.
    assert.equal(await page.evaluate('document.cookie'), '')
  })

  it('says that the person cancelled, and can be tried again for the same page', async () => {
    const ben = await visitor()
    const page = await away(ben, '/ui/events')
    await page.getByRole('link', { name: /Cancel/ }).click()
    await said(page, 'The sign-in was cancelled, or denied by the identity provider.')
    await assertAccessible(page)
    await screenshot(page, 'oidc-denied')
    await page.getByRole('link', { name: /^Sign in with/ }).click()
    await logIn(page, 'ben')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('live', { exact: true }).waitFor()
    assert.equal(page.url(), `${url}/ui/events`)
  })

  it('says that the provider is down, before and after its forms, and works once it is back', async () => {
    await manager.kill()
    await manager.start()
    await provider.down()
    const cem = await visitor()
    const page = await cem.open('/ui/me')
    const button = page.getByRole('link', { name: /^Sign in with/ })
    await button.click()
    await said(page, 'The identity provider does not answer. Try again later, or sign in with an API token.')
    await provider.up()
    await button.click()
    await logIn(page, 'cem')
    // The manager asks for the tokens when the browser is back.
    provider.broken = '/token'
    await page.getByRole('button', { name: 'Continue' }).click()
    await said(page, 'The identity provider does not answer. Try again later, or sign in with an API token.')
    provider.broken = null
    await button.click()
    await page.getByText('oidc:cem').first().waitFor()
  })

  it('can be finished once: the address of the callback is refused afterwards', async () => {
    const dea = await visitor()
    const callbacks: string[] = []
    dea.context.on(
      'request',
      (request) => void (request.url().startsWith(`${url}/v1/session/oidc/callback`) && callbacks.push(request.url())),
    )
    await signIn(dea, 'dea')
    const [callback = ''] = callbacks
    const thief = await visitor()
    const page = await thief.open(callback)
    await said(page, 'The sign-in took too long, was already finished, or was started in another browser. Try again.')
    await dea.page.goto(callback)
    await dea.page.waitForURL(/error=expired/)
  })
})
