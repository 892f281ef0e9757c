/**
 * Refuses requests of web pages: two GET endpoints of the simple API change state, and a browser sends GETs for any
 * page.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { BerthError } from '../../domain/errors.ts'
import { forTerminal } from '../../domain/text/foreign-text.ts'

/** Maximum length of a Host to repeat in an error: the longest name in DNS. */
const MAX_HOST_LENGTH = 253
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Returns a check that throws `forbidden` for a request with a foreign Host (DNS rebinding), or that a page of another
 * site made a browser send. `hosts` are allowed besides the names of the loopback; null allows any host, where tokens
 * are needed: a rebound page has none.
 */
export function createOriginCheck(hosts: () => readonly string[] | null): (headers: IncomingHttpHeaders) => void {
  return (headers) => {
    const others = hosts()
    const host = headers.host?.toLowerCase()
    if (others && host !== undefined && !isNamed(host.replace(/:\d+$/, ''), others)) {
      const shown = forTerminal(host).slice(0, MAX_HOST_LENGTH)
      const advice = 'use the address that the manager printed when it started'
      throw new BerthError('forbidden', `Host "${shown}" is not allowed; ${advice}`)
    }
    refusePages(headers, host)
  }
}

function isNamed(host: string, others: readonly string[]): boolean {
  return LOOPBACK.includes(host) || others.some((name) => name.toLowerCase() === host)
}

function refusePages(headers: IncomingHttpHeaders, host: string | undefined): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new BerthError('forbidden', 'requests from pages of other sites are refused')
  }
  const { origin, referer } = headers
  // Browsers without Sec-Fetch. Our own pages send no Referer (referrer-policy).
  if (site === undefined && referer !== undefined && !isOurs(URL.parse(referer)?.origin ?? 'null', host)) {
    throw new BerthError('forbidden', 'requests from pages of other sites are refused')
  }
  if (origin !== undefined && !isOurs(origin, host)) {
    throw new BerthError('forbidden', 'requests from pages of other sites are refused')
  }
}

function isOurs(origin: string, host: string | undefined): boolean {
  return [`http://${host}`, `https://${host}`].includes(origin.toLowerCase())
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

/** Returns what is ambiguous about the host of a request, or null. A proxy may have parsed it differently. */
export function hostProblem({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): string | null {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) return 'multiple Host headers'
  if (hosts === 0 && httpVersion !== '1.0') return 'missing Host header'
  if (url.startsWith('/')) return null
  // RFC 9112, 3.2.2: an absolute target says again which host is meant.
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? []
  if (authority === undefined) return url === '*' ? null : 'the request target must be a path'
  return authority.toLowerCase() === headers.host?.toLowerCase()
    ? null
    : 'the request target names another host than the Host header'
}

/** Rejects requests that a proxy could parse differently (request smuggling). `invalid_request`. */
export function refuseAmbiguous(request: IncomingMessage): void {
  const problem = hostProblem(request)
  if (problem !== null) throw new BerthError('invalid_request', problem)
  const { headers } = request
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new BerthError('invalid_request', 'Content-Encoding is not supported; send the body uncompressed', {
      cause: Object.assign(new Error('Content-Encoding'), { statusCode: 415 }),
    })
  }
}
