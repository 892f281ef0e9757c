/** Time left is that of the manager's clock, however wrong the clock of the viewer's machine is. */
import { describe, it } from 'node:test'
import { openBrowser } from '../support/browser/browser.ts'
import { makeReservation, testDashboard } from '../support/browser/dashboard.ts'

const manager = await testDashboard('clocks', { engine: 'memory', size: 2 })
const { person } = await openBrowser()
await makeReservation(manager, { username: 'ada', duration: '30m' })

/** Moves the clock of a page by milliseconds. */
function moveClock(ms: number): void {
  const real = Date
  const now = () => real.now() + ms
  globalThis.Date = new Proxy(real, {
    construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  })
}

describe('the time left', () => {
  for (const minutes of [-10, 10]) {
    it(`is right with a clock that is wrong by ${minutes} minutes`, async () => {
      const ada = await person({ url: manager.url })
      await ada.page.addInitScript(moveClock, minutes * 60_000)
      const page = await ada.open()
      await page.getByText(/^(29|30) min( \d\d s)? · until /).waitFor()
    })
  }
})
