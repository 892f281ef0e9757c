/** Sends a browser to the identity provider, and signs the person in when the provider sends it back. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BerthError, type Violation } from '../../../domain/errors.ts'
import { OPEN } from '../../auth/admission.ts'
import { cookieNames, readCookie, setSignInCookie } from '../../auth/session-cookie.ts'
import type { RouteContext } from '../../context.ts'
import { docsOnly } from '../../docs/docs-only.ts'
import { violationsFrom } from '../../errors/violations.ts'
import type { Browser } from '../browser.ts'
import { BeginSignIn, Redirect } from '../schemas.ts'
import { SIGN_IN_LIFE_MS, SignInFailed } from '../sign-in.ts'
import { readReturnPath } from './return-path.ts'

/** Page of the dashboard that explains why a sign-in failed. `error` has the code. */
const SIGN_IN_PAGE = '/ui/sign-in'

const BEGIN = {
  tags: ['sessions'],
  operationId: 'beginSignIn',
  summary: 'Send the browser to the identity provider to sign in',
  querystring: BeginSignIn,
  response: { 302: Redirect('To the identity provider, or to /ui/sign-in?error=… if it does not answer') },
}
const FINISH = docsOnly({
  tags: ['sessions'],
  operationId: 'finishSignIn',
  summary: 'Finish a sign-in; the identity provider sends the browser here',
  description:
    'The answer sets the cookie of a session. A failed sign-in leads to /ui/sign-in?error=CODE, where CODE is ' +
    'expired, denied, unavailable, not_allowed or failed.',
  response: { 303: Redirect('To return_to, or to /ui/sign-in?error=…') },
})

/** Route options: no HEAD, which would use up a sign-in. */
const ONCE = { exposeHeadRoute: false }

export function oidcRoutes(server: FastifyInstance, context: RouteContext, browser: Browser | null): void {
  const { signIn, settings, log } = context
  const typed = server.withTypeProvider<TypeBoxTypeProvider>()

  function provider() {
    if (signIn?.oidc && browser) return { oidc: signIn.oidc, browser }
    const how = signIn ? 'auth.oidc.client_id in berth.yml adds one' : 'auth: none needs no sign-in'
    throw new BerthError('not_found', `this manager has no sign-in at an identity provider; ${how}`)
  }

  function failed(request: FastifyRequest, reply: FastifyReply, error: unknown, status: 302 | 303): FastifyReply {
    if (!(error instanceof SignInFailed)) throw error
    const fields = { reason: error.message, address: request.ip, request_id: request.id }
    log.info(`a sign-in at the identity provider failed (${error.why}), from ${request.ip}`, fields)
    return reply.redirect(`${SIGN_IN_PAGE}?error=${error.why}`, status)
  }

  typed.get(
    '/v1/session/oidc',
    { schema: BEGIN, config: { ...OPEN.config, rules }, ...ONCE },
    async (request, reply) => {
      const { oidc } = provider()
      try {
        const { location, state } = await oidc.begin(readReturnPath(request.query.return_to))
        setSignInCookie(request, reply, settings().url, { text: state, maxAgeS: SIGN_IN_LIFE_MS / 1_000 })
        return reply.redirect(location, 302)
      } catch (error) {
        return failed(request, reply, error, 302)
      }
    },
  )

  server.get('/v1/session/oidc/callback', { ...FINISH, ...OPEN, ...ONCE }, async (request, reply) => {
    const { oidc, browser: signedIn } = provider()
    const { url } = settings()
    const cookie = readCookie(request, cookieNames(request, url).signIn)
    // Valid for one attempt, successful or not.
    setSignInCookie(request, reply, url, null)
    try {
      const { identity, returnTo } = await oidc.finish(/\?.*$/s.exec(request.raw.url ?? '')?.[0] ?? '', cookie)
      await signedIn.open(request, reply, { way: 'oidc', identity, issuer: oidc.issuer })
      return reply.redirect(returnTo, 303)
    } catch (error) {
      return failed(request, reply, error, 303)
    }
  })
}

function rules({ query }: FastifyRequest): Promise<readonly Violation[]> {
  return violationsFrom(() => readReturnPath((query as { return_to?: string }).return_to))
}
