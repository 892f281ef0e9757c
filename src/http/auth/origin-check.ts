/**
 * Refuses requests from web pages of other sites. Two GET endpoints of the simple API change state, and browsers send
 * GETs for any page. They even add the cookies of the manager to requests of pages on other ports of this machine,
 * because SameSite ignores ports.
 */
import type { IncomingMessage } from 'node:http'
import { BerthError } from '../../domain/errors.ts'
import { forTerminal } from '../../domain/text/foreign-text.ts'

/** Maximum length of a Host or an Origin to repeat in an error: the longest name in DNS. */
const MAX_HOST_LENGTH = 253
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']
const FOREIGN = 'requests from pages of other sites are refused'
/** Pages without data, which links in mails may open, and the callback of the identity provider. */
const LINKABLE = /^\/(?:$|\?|ui(?:$|[/?])|v1\/session\/oidc\/callback(?:$|\?))/

type Request = Pick<IncomingMessage, 'headers' | 'method' | 'url'>

export interface Addresses {
  /** Host names that are allowed besides the loopback; null: all, with tokens, which a rebound page does not have. */
  readonly hosts: readonly string[] | null
  /** The only allowed origin, from berth.yml; null: that of the header Host. */
  readonly url: string | null
}

/**
 * Returns a check that throws `forbidden` for a request with a foreign Host (DNS rebinding), or that a page of another
 * site made a browser send.
 */
export function createOriginCheck(addresses: () => Addresses): (request: Request) => void {
  return (request) => {
    const { hosts, url } = addresses()
    const host = request.headers.host?.toLowerCase()
    if (hosts && host !== undefined && !isNamed(host.replace(/:\d+$/, ''), hosts)) {
      const advice = 'use the address that the manager printed when it started'
      throw new BerthError('forbidden', `Host "${shown(host)}" is not allowed; ${advice}`)
    }
    refusePages(request, host, url)
  }
}

function isNamed(host: string, others: readonly string[]): boolean {
  return LOOPBACK.includes(host) || others.some((name) => name.toLowerCase() === host)
}

function refusePages(request: Request, host: string | undefined, url: string | null): void {
  const { origin, referer, 'sec-fetch-site': site } = request.headers
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none'
  // Browsers without Sec-Fetch. Our own pages send no Referer (referrer-policy).
  const isForeignPage =
    site === undefined && referer !== undefined && !isOurs(URL.parse(referer)?.origin ?? 'null', host, url)
  if ((isForeignSite || isForeignPage) && !isLink(request)) throw new BerthError('forbidden', FOREIGN)
  if (origin !== undefined && !isOurs(origin, host, url)) {
    throw new BerthError('forbidden', isForeignSite ? FOREIGN : `${FOREIGN}, ${originAdvice(origin, url)}`)
  }
}

/** Returns whether a browser opens a linkable page in a tab. Browsers without Sec-Fetch are assumed to do so. */
function isLink({ method, url = '', headers }: Request): boolean {
  if (method !== 'GET' || !LINKABLE.test(url)) return false
  const { 'sec-fetch-mode': mode = 'navigate', 'sec-fetch-dest': dest = 'document' } = headers
  return mode === 'navigate' && dest === 'document'
}

function isOurs(origin: string, host: string | undefined, url: string | null): boolean {
  const ours = url === null ? [`http://${host}`, `https://${host}`] : [url]
  return ours.includes(origin.toLowerCase())
}

function originAdvice(origin: string, url: string | null): string {
  if (url !== null) return `got Origin "${shown(origin)}"; url in berth.yml is ${url}`
  const advice = 'if that is the address of this manager behind a proxy, set url in berth.yml'
  return `got Origin "${shown(origin)}"; ${advice}`
}

function shown(text: string): string {
  return forTerminal(text).slice(0, MAX_HOST_LENGTH)
}

/**
 * Throws `forbidden` for a change that a cookie authenticates, unless the browser says that it comes from a page of
 * this manager. Call it after the origin check, which compares the Origin.
 */
export function requireOwnPage({ method, headers }: Pick<Request, 'headers' | 'method'>): void {
  if (method === 'GET' || method === 'HEAD') return
  if (headers['sec-fetch-site'] === 'same-origin' || headers.origin !== undefined) return
  const why = 'with the cookie of a session, a change needs the header Origin or Sec-Fetch-Site'
  throw new BerthError('forbidden', `${why}; programs send "Authorization: Bearer <token>" instead of a cookie`)
}

/**
 * For routes whose GET changes state: throws `forbidden` when a browser follows a link, opens a typed address,
 * prefetches or loads an image. A typed address looks the same as a link in a mail. Programs and fetch() of our own
 * pages pass.
 */
export function refuseLinks({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const { 'sec-fetch-dest': dest, accept = '' } = headers
  // Browsers without Sec-Fetch and link previews accept pages and images; programs accept anything, or JSON.
  const isPage = dest === undefined ? /\b(text\/html|image\/)/i.test(accept) : dest !== 'empty'
  if (!isPage) return
  const why = 'this changes what is reserved, so a browser must not do it because of a link or an address'
  throw new BerthError('forbidden', `${why}; use curl, the command berth, or POST (see /docs)`)
}
