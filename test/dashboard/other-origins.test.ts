/**
 * Pages of another port of this machine, and of an https site, attack the manager with the browser of a person: without
 * sign-in (`auth: none`), and with the session of an admin. Each attack is refused by the manager and changes nothing.
 */
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../lab/eventually.ts'
import { type TestManager, testManager } from '../../lab/manager.ts'
import { openBrowser } from '../support/browser/browser.ts'
import { buildDashboard, makeReservation } from '../support/browser/dashboard.ts'
import { openOtherSites } from '../support/browser/other-sites.ts'
import type { Person } from '../support/browser/person.ts'

const ATTACKS = fileURLToPath(new URL('../support/browser/attacks.js', import.meta.url))

buildDashboard()
// At this level, the log has each request, also those of the dashboard's files.
const options = { size: 4, poolName: 'alpine' }
const open = await testManager('attack-none', { ...options, top: { engine: 'memory', log: 'debug', auth: 'none' } })
await open.start()
const closed = await testManager('attack-tokens', {
  ...options,
  top: { engine: 'memory', log: 'debug', auth: 'tokens' },
})
await closed.startWithToken()
const sites = await openOtherSites()
const { person } = await openBrowser([
  '--ignore-certificate-errors',
  '--host-resolver-rules=MAP evil.test 127.0.0.1',
  // Chromium refuses some of these requests itself. The manager must not depend on that: other browsers send them.
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
])

interface Victim {
  readonly manager: TestManager
  /** The address in the browser: cookies of this name are sent to all ports of it. */
  readonly url: string
  readonly reservation: string
  readonly terminal: string
}

async function victim(manager: TestManager): Promise<Victim> {
  await manager.untilReady()
  const { id, containers } = await makeReservation(manager, { username: 'ada' })
  const path = `/v1/containers/${containers[0]?.name}/terminals`
  const { body } = await manager.send('POST', path, { cols: 80, rows: 24 })
  const url = manager.url.replace('127.0.0.1', 'localhost')
  return { manager, url, reservation: id, terminal: (body as { id: string }).id }
}

const victims = { none: await victim(open), session: await victim(closed) }

const newTicket = async ({ manager, terminal }: Victim) =>
  ((await manager.send('POST', `/v1/terminals/${terminal}/tickets`, {})).body as { ticket: string }).ticket

/** Returns all state that an attack could change. */
async function everything({ manager }: Victim): Promise<string> {
  const paths = ['/v1/events?limit=500', '/v1/reservations', '/v1/terminals', '/v1/pools']
  const answers = await Promise.all(paths.map(async (path) => (await manager.get(path)).body))
  // The page of an earlier test may just have closed.
  return JSON.stringify(answers, (key, value) => (key === 'viewers' ? undefined : value))
}

/** Opens the dashboard, and signs in if the manager asks for it. */
async function enter({ manager, url }: Victim): Promise<Person> {
  const ada = await person({ url })
  const page = await ada.open()
  if (manager.token !== undefined) {
    await page.getByLabel('API token').fill(manager.token)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  await page.getByText('live', { exact: true }).waitFor()
  return ada
}

/** Opens the page of another site beside the dashboard. The browser reports each refusal on its console. */
async function visit(ada: Person, site: string): Promise<Page> {
  ada.allows(/console error|to another origin/)
  const page = await ada.context.newPage()
  await page.goto(site)
  return page
}

const answersOf = ({ manager }: Victim) =>
  manager.output.split('\n').flatMap((line) => {
    const { route, method, status } = line.startsWith('{') ? JSON.parse(line) : {}
    return route === undefined ? [] : [`${status} ${method} ${route}`]
  })

for (const [who, target] of Object.entries(victims)) {
  for (const [scheme, site] of Object.entries(sites)) {
    describe(`an ${scheme} page of another origin, ${who === 'none' ? 'with auth: none' : 'with a session'}`, () => {
      it('attacks: each is refused, and nothing changes', async () => {
        const ada = await enter(target)
        const ticket = await newTicket(target)
        const page = await visit(ada, site)
        const before = await everything(target)
        await page.addScriptTag({ path: ATTACKS })
        const call = `attacks('${target.url}', '${target.terminal}', '${ticket}')`
        for (const attack of await page.evaluate<string[]>(`Object.keys(${call})`)) {
          const had = answersOf(target).length
          const got = await page.evaluate<string | null>(`${call}['${attack}']()`)
          assert.equal(got, null, attack)
          const [, refused = ''] = /((?:GET|POST|OPTIONS) .*)$/.exec(attack) ?? []
          const isRefused = async () => answersOf(target).slice(had).includes(`403 ${refused}`)
          await eventually(isRefused).catch(() =>
            assert.fail(`${attack} did not reach the manager: ${answersOf(target).slice(had)}`),
          )
        }
        for (const frame of page.frames().slice(1)) assert.equal(frame.url(), 'chrome-error://chromewebdata/')
        assert.equal(await everything(target), before)
      })
    })
  }
}

describe('a link on another site', () => {
  for (const [who, target] of Object.entries(victims)) {
    it(`opens the page of a reservation, ${who === 'none' ? 'with auth: none' : 'with a session'}`, async () => {
      const ada = await enter(target)
      const page = await visit(ada, sites.https)
      await link(page, `${target.url}/ui/reservations/${target.reservation}`)
      await page.getByText(target.reservation).first().waitFor()
      await page.getByText('live', { exact: true }).waitFor()
    })

    it(`changes nothing, ${who === 'none' ? 'with auth: none' : 'with a session'}`, async () => {
      const ada = await enter(target)
      const before = await everything(target)
      for (const path of ['/release_all', '/reserve?username=mallory']) {
        const page = await visit(ada, sites.http)
        const answered = page.waitForResponse(target.url + path)
        await link(page, target.url + path)
        assert.equal((await answered).status(), 403)
      }
      assert.equal(await everything(target), before)
    })
  }

  it('opens a window that the other site cannot read or control', async () => {
    const page = await visit(await enter(victims.none), sites.http)
    const [opened] = await Promise.all([
      page.context().waitForEvent('page'),
      page.evaluate(`window.opened = window.open('${victims.none.url}/ui/')`),
    ])
    await opened.getByText('live', { exact: true }).waitFor()
    assert.equal(await opened.evaluate('window.opener'), null)
    assert.equal(await page.evaluate('opened.closed'), true)
  })
})

describe('a ticket of a terminal', () => {
  it('opens one WebSocket, on a page of the manager', async () => {
    const { url, terminal } = victims.none
    const ada = await enter(victims.none)
    ada.expects(/WebSocket connection to .* failed/)
    const ticket = await newTicket(victims.none)
    const opens = `new Promise((resolve) => {
      const socket = new WebSocket('${url.replace('http', 'ws')}/v1/terminals/${terminal}', ['berth.v1', 'ticket.${ticket}'])
      socket.onopen = () => resolve('open')
      socket.onerror = () => resolve(null)
    })`
    assert.deepEqual([await ada.page.evaluate(opens), await ada.page.evaluate(opens)], ['open', null])
  })
})

describe('a name of another site that resolves to this machine (DNS rebinding)', () => {
  it('is refused with auth: none, although its page counts as one of the manager', async () => {
    const before = await everything(victims.none)
    const { page, evil } = await rebound(victims.none)
    for (const path of ['/', '/ui/', '/v1/reservations', '/release_all', '/v1/session'])
      assert.equal(await page.evaluate(`fetch('${path}').then(({ status }) => status)`), 403, path)
    assert.equal((await page.goto(`${evil}/ui/`))?.status(), 403)
    assert.equal(await everything(victims.none), before)
  })

  it('has no session of the manager', async () => {
    const ada = await enter(victims.session)
    const { page } = await rebound(victims.session, ada)
    for (const path of ['/v1/reservations', '/release_all', '/v1/sessions'])
      assert.equal(await page.evaluate(`fetch('${path}').then(({ status }) => status)`), 401, path)
  })
})

async function link(page: Page, to: string): Promise<void> {
  await page.evaluate(`document.body.append(Object.assign(document.createElement('a'), { href: '${to}', text: 'go' }))`)
  await page.getByRole('link', { name: 'go' }).click()
}

/** Opens a page of another site on the manager's port, whose name then resolves to the manager. */
async function rebound(target: Victim, who?: Person): Promise<{ page: Page; evil: string }> {
  const ada = who ?? (await person({ url: target.url }))
  const evil = `http://evil.test:${new URL(target.url).port}`
  await ada.context.route(`${evil}/page`, (route) => route.fulfill({ contentType: 'text/html', body: '<p>hello' }))
  return { page: await visit(ada, `${evil}/page`), evil }
}
