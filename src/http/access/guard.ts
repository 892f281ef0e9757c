/** Keeps web pages out: two of the seed's GET endpoints change state, and a browser sends GETs for anybody. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { BerthError } from '../../core/errors.ts'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Gives what throws `forbidden` for a request that names a host that is not ours (DNS rebinding), or that a page of
 * another site made a browser send. `hosts` are names that are ours besides those of the loopback; null when
 * any may be: a rebound page has no token to show, and who has one may call us what they like.
 */
export function refuseForeign(hosts: readonly string[] | null): (headers: IncomingHttpHeaders) => void {
  const ours = hosts && new Set([...LOOPBACK, ...hosts].map((name) => name.toLowerCase()))
  return (headers) => {
    const host = headers.host?.toLowerCase()
    if (ours && host !== undefined && !ours.has(host.replace(/:\d+$/, ''))) {
      throw new BerthError(
        'forbidden',
        'this Host is not ours; use the address that the manager printed when it started',
      )
    }
    refusePages(headers, host)
  }
}

function refusePages(headers: IncomingHttpHeaders, host: string | undefined): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new BerthError('forbidden', 'requests from pages of other sites are refused')
  }
  const { origin } = headers
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}` && origin.toLowerCase() !== `https://${host}`) {
    throw new BerthError('forbidden', 'requests from pages of other sites are refused')
  }
}

/** Throws `invalid_request` for what a program before us may have understood in another way than we would. */
export function refuseAmbiguous({ rawHeaders, headers, httpVersion }: IncomingMessage): void {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) throw new BerthError('invalid_request', 'there must be one Host, not more')
  if (hosts === 0 && httpVersion !== '1.0') throw new BerthError('invalid_request', 'there must be a Host')
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw new BerthError('invalid_request', 'bodies are read as they are; send it without a Content-Encoding', {
      cause: Object.assign(new Error('Content-Encoding'), { statusCode: 415 }),
    })
  }
}
