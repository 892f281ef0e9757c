/** Refuses requests that a proxy in front of the manager could have parsed differently. */
import type { IncomingMessage } from 'node:http'
import { BerthError } from '../../domain/errors.ts'

/** Returns what is ambiguous about the host of a request, or null. A proxy may have parsed it differently. */
export function hostProblem({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): string | null {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === 4 && rawHeaders[index]?.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) return 'multiple Host headers'
  if (hosts === 0 && httpVersion !== '1.0') return 'missing Host header'
  if (url.startsWith('/')) return null
  // RFC 9112, 3.2.2: an absolute target contains the host again.
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
