/** A browser without a window: it keeps cookies, and sends the headers that a page of the manager causes. */
import type { FastifyInstance } from 'fastify'

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Values of Set-Cookie, with attributes. */
  readonly cookies: readonly string[]
}

export interface Browser {
  readonly jar: Map<string, string>
  /** Sends a request with its cookies. */
  send(method: string, url: string, headers?: Record<string, string>, body?: object): Promise<Reply>
  /** Sends a request like fetch() in a page of the manager. */
  fetch(method: string, url: string, body?: object): Promise<Reply>
  /** Opens a URL like the address bar, or like a link of another site. */
  open(url: string, site?: 'none' | 'cross-site' | 'same-site' | 'same-origin'): Promise<Reply>
  /** Returns the Cookie header. */
  cookie(): string
}

/** `host` is what the address bar shows. */
export function openBrowser(server: FastifyInstance, host = 'localhost:8080', scheme = 'http'): Browser {
  const jar = new Map<string, string>()
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

  const send: Browser['send'] = async (method, url, headers = {}, body) => {
    const answer = await server.inject({
      ...{ method: method as 'GET', url },
      headers: {
        host,
        ...(jar.size > 0 && { cookie: cookie() }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    for (const text of cookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
      if (/max-age=0/i.test(text)) jar.delete(name)
      else jar.set(name, value)
    }
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload, cookies }
  }

  return {
    jar,
    cookie,
    send,
    fetch: (method, url, body) => {
      const origin = method === 'GET' ? {} : { origin: `${scheme}://${host}` }
      const fetched = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }
      return send(method, url, { ...fetched, ...origin }, body)
    },
    open: (url, site = 'none') =>
      send('GET', url, {
        ...{ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      }),
  }
}
