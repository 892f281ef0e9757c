/** The cookies of a session and of a sign-in that is under way. They contain secrets, which pages cannot read. */
import { parseCookie, stringifySetCookie } from 'cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Parts of a request that determine the names of its cookies. */
type Addressed = Pick<FastifyRequest, 'headers' | 'protocol' | 'host'>

interface CookieNames {
  readonly session: string
  /** Of a sign-in at the identity provider. */
  readonly signIn: string
  /** Browsers send them over HTTPS only. */
  readonly secure: boolean
}

/**
 * Returns the names of the cookies. Over HTTPS, the prefix `__Host-` keeps other hosts of the domain from setting one.
 * All ports of a host share cookies (RFC 6265, 8.5), and browsers differ on the prefix at http://localhost: over plain
 * HTTP, the port in the name separates managers. `url` is that of berth.yml; null: the request has the address.
 */
export function cookieNames(request: Addressed, url: string | null): CookieNames {
  const origin = url ?? `${request.protocol}://${request.host}`
  const secure = origin.startsWith('https:')
  const port = /:(\d{1,5})$/.exec(origin)?.[1] ?? '80'
  const session = secure ? '__Host-berth' : `berth-${port}`
  return { session, signIn: `${session}-oidc`, secure }
}

/** Content of a cookie that makes the browser delete it. */
const EXPIRED = { value: '', maxAge: 0 } as const

/** Returns the value of the cookie, or undefined. */
export function readCookie(request: Addressed, name: string): string | undefined {
  const { cookie } = request.headers
  return cookie === undefined ? undefined : parseCookie(cookie)[name]
}

/** Sets the cookie. It is also `Secure` if the Origin is HTTPS and the proxy does not say so. */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  url: string | null,
  session: { readonly text: string; readonly maxAgeS: number },
): void {
  const { session: name, secure } = cookieNames(request, url)
  const isSecure = secure || request.headers.origin?.startsWith('https:') === true
  const { text, maxAgeS: maxAge } = session
  setCookie(reply, { name, value: text, sameSite: 'strict', secure: isSecure, maxAge })
}

export function expireSessionCookie(request: FastifyRequest, reply: FastifyReply, url: string | null): void {
  const { session, secure } = cookieNames(request, url)
  setCookie(reply, { name: session, sameSite: 'strict', secure, ...EXPIRED })
}

/**
 * Sets the cookie, or expires it if `state` is null. SameSite is `lax`, because the identity provider sends the browser
 * back with a link.
 */
export function setSignInCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  url: string | null,
  state: { readonly text: string; readonly maxAgeS: number } | null,
): void {
  const { signIn, secure } = cookieNames(request, url)
  const content = state ? { value: state.text, maxAge: state.maxAgeS } : EXPIRED
  setCookie(reply, { name: signIn, sameSite: 'lax', secure, ...content })
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly sameSite: 'strict' | 'lax'
  readonly secure: boolean
  readonly maxAge: number
}

/** Adds a Set-Cookie header. fastify keeps those that were added before. */
function setCookie(reply: FastifyReply, cookie: Cookie): void {
  reply.header('set-cookie', stringifySetCookie({ ...cookie, path: '/', httpOnly: true }))
}
