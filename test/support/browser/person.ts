/** A person with a browser context of their own. Faults of its pages are recorded. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const WATCH = fileURLToPath(new URL('watch-page.js', import.meta.url))

/** Waits for two frames and 50 ms, by when a page has reported its faults. Needs JavaScript in the page. */
const SETTLE = `new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50))))`

/** Maximum time for `SETTLE`. A page that takes longer is stuck. */
const MAX_SETTLING_MS = 5_000

/**
 * Chromium gives up its requests when the machine gets or loses a network, as when an engine makes one. The dashboard
 * repeats them; a test fails if it does not.
 */
const NETWORKS_CHANGED = /net::ERR_NETWORK_CHANGED/

export interface PersonOptions {
  /** Base URL of the manager, the only origin that pages may send requests to. */
  readonly url: string
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
  readonly locale?: string
  readonly timezone?: string
  readonly javaScript?: boolean
  readonly touch?: boolean
  readonly reducedMotion?: boolean
  readonly forcedColors?: boolean
}

/**
 * Faults of a page: a console error, an uncaught exception, a violation of the Content-Security-Policy, a request to
 * another origin, layout shifts of more than 0.02 without input.
 */
export class Person {
  readonly context: BrowserContext
  /** The first page; others are opened with `context.newPage()`. */
  readonly page: Page
  readonly #origin: string
  readonly #hasScripts: boolean
  readonly #faults: string[]
  readonly #expected: RegExp[] = []
  readonly #allowed: RegExp[] = []

  private constructor(context: BrowserContext, page: Page, options: PersonOptions, faults: string[]) {
    this.context = context
    this.page = page
    this.#origin = new URL(options.url).origin
    this.#hasScripts = options.javaScript ?? true
    this.#faults = faults
  }

  static async enter(browser: Browser, options: PersonOptions): Promise<Person> {
    const {
      url,
      width = 1280,
      height = 800,
      colorScheme = 'light',
      locale = 'en-GB',
      timezone = 'Europe/Zurich',
    } = options
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width, height },
      colorScheme,
      locale,
      timezoneId: timezone,
      javaScriptEnabled: options.javaScript ?? true,
      hasTouch: options.touch ?? false,
      reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
      forcedColors: options.forcedColors ? 'active' : 'none',
    })
    // Enough for two pages on a slow machine.
    context.setDefaultTimeout(15_000)
    const faults: string[] = []
    await context.exposeBinding('berthReport', (_source, fault: string) => void faults.push(fault))
    await context.addInitScript({ path: WATCH })
    const person = new Person(context, await context.newPage(), options, faults)
    person.#watch()
    return person
  }

  /** Opens a path of the manager in the first page. */
  async open(path = '/ui/'): Promise<Page> {
    await this.page.goto(path)
    return this.page
  }

  /** Announces a fault that the test causes on purpose. The test fails if the fault does not occur. */
  expects(fault: RegExp): void {
    this.#expected.push(fault)
  }

  /** Accepts a fault that the test may cause, depending on what the page does at that moment. */
  allows(fault: RegExp): void {
    this.#allowed.push(fault)
  }

  /** Closes the pages. Returns the faults that were not announced, and the announced faults that did not occur. */
  async leave(): Promise<string[]> {
    if (this.#hasScripts) await Promise.all(this.context.pages().map((page) => this.#settle(page)))
    await this.context.close()
    const unexpected = this.#faults.filter(
      (fault) => ![...this.#expected, ...this.#allowed].some((pattern) => pattern.test(fault)),
    )
    const missing = this.#expected.filter((pattern) => !this.#faults.some((fault) => pattern.test(fault)))
    return [...unexpected, ...missing.map((pattern) => `expected and not seen: ${pattern.source}`)]
  }

  async #settle(page: Page): Promise<void> {
    const late = new AbortController()
    const outcomes = [
      page.evaluate(SETTLE).catch(() => undefined),
      sleep(MAX_SETTLING_MS, 'hangs', { signal: late.signal }).catch(() => undefined),
    ]
    if ((await Promise.race(outcomes)) === 'hangs') this.#faults.push(`the page does not respond: ${page.url()}`)
    late.abort()
  }

  #watch(): void {
    const { context } = this
    const note = (fault: string) => void this.#faults.push(fault)
    const noteForeign = (url: string, what: string) => {
      if (!this.#isOurs(url)) note(`${what} to another origin: ${url}`)
    }
    context.on('console', (message) => {
      if (message.type() !== 'error' || NETWORKS_CHANGED.test(message.text())) return
      note(`console error: ${message.text()} (${message.location().url})`)
    })
    context.on('weberror', (error) => note(`uncaught exception: ${error.error()}`))
    context.on('request', (request) => noteForeign(request.url(), 'request'))
    const watchSockets = (page: Page) => page.on('websocket', (socket) => noteForeign(socket.url(), 'WebSocket'))
    context.on('page', watchSockets)
    watchSockets(this.page)
  }

  #isOurs(url: string): boolean {
    if (/^(?:data|blob|about):/.test(url)) return true
    return new URL(url.replace(/^ws/, 'http')).origin === this.#origin
  }
}
