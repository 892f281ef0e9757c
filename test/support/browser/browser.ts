/** Chromium for tests of the dashboard. Each person has cookies, storage and windows of their own. */
import { after, afterEach } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { testTool } from '../test-tools.ts'
import { Person, type PersonOptions } from './person.ts'

const ARGUMENTS = [
  // Chromium's sandbox does not work as root.
  '--no-sandbox',
  // Background tasks would send requests to other hosts, and HTTP/3 would bypass the check of requests.
  '--disable-quic',
  '--disable-background-networking',
]

export interface TestBrowser {
  readonly browser: Browser
  /** Opens a context for a person. At the end of the test, it is checked for faults and closed. */
  person(options: PersonOptions): Promise<Person>
}

/**
 * Starts a browser with a new profile. Call it once, at the top of a test file, before its tests. A test fails at its
 * end if a page of one of its persons had a fault (`Person`). `flags` are further arguments of Chromium.
 */
export async function openBrowser(flags: readonly string[] = []): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: testTool('chromium'), args: [...ARGUMENTS, ...flags] })
  const people: Person[] = []
  after(() => browser.close())
  afterEach(async () => {
    const ended = people.splice(0)
    const faults = await Promise.all(ended.map((person) => person.leave()))
    const found = faults.flat()
    if (found.length > 0) throw new Error(`faults in the browser:\n${found.join('\n')}`)
  })
  return {
    browser,
    async person(options) {
      const person = await Person.enter(browser, options)
      people.push(person)
      return person
    },
  }
}
