/** A real OpenID provider on the loopback, at which a person signs in with or without its forms. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { after, mock } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { reservePorts } from '../../../lab/ports.ts'

export const CLIENT = { id: 'berth-web', secret: 'a-secret/of:a test' }

export interface SignInProvider {
  readonly issuer: string
  /** Account of the next sign-in; null: the person cancels. */
  person: string | null
  /** Claims of this person. */
  claims: Record<string, unknown>
  /** Follows the provider's pages, as the person's browser does, until they lead to the manager. */
  follow(location: string, manager: string): Promise<string>
  /** Path whose requests it answers by closing the connection; null: none. */
  broken: string | null
  /** Paths of the requests. */
  readonly asked: string[]
  /** Parameters of the last request to the token endpoint. */
  lastGrant: URLSearchParams
  /** All tokens that it has issued. */
  readonly issued: string[]
  down(): Promise<void>
  up(): Promise<void>
}

interface Options {
  readonly redirectUri: string
  /** A public client has no secret. */
  readonly isPublic?: boolean
  readonly method?: 'client_secret_basic' | 'client_secret_post'
  /** Whether the provider shows its forms: name and password, then consent. It accepts any name. */
  readonly hasForms?: boolean
}

export async function openSignInProvider(options: Options): Promise<SignInProvider> {
  const { redirectUri, isPublic = false, method, hasForms = false } = options
  const [port = 0] = await reservePorts(1)
  const issuer = `http://127.0.0.1:${port}`
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }
  const provider: Provider = quietly(
    () =>
      new Provider(issuer, {
        jwks: { keys: [key] },
        clients: [
          {
            client_id: CLIENT.id,
            ...(!isPublic && { client_secret: CLIENT.secret }),
            token_endpoint_auth_method: isPublic ? 'none' : (method ?? 'client_secret_basic'),
            ...{ redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] },
          },
        ],
        ...(method && { clientAuthMethods: [method] }),
        claims: { openid: ['sub', 'groups'], email: ['email'], profile: ['name'] },
        conformIdTokenClaims: false,
        pkce: { required: () => true },
        features: { devInteractions: { enabled: hasForms } },
        cookies: { keys: ['a-key-of-a-test'] },
        ...(!hasForms && WITHOUT_FORMS),
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, ...own.claims }) }),
        ...(!hasForms && { loadExistingGrant }),
      }),
  )
  provider.on('grant.success', ({ body }) => {
    own.issued.push(...[body.id_token, body.access_token].filter((token) => token !== undefined))
  })
  /** Consents without asking. */
  async function loadExistingGrant() {
    const grant = new provider.Grant({ clientId: CLIENT.id, accountId: own.person ?? '' })
    grant.addOIDCScope('openid profile email')
    await grant.save()
    return grant
  }
  const handle = provider.callback()
  let server: Server | null = null

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.replace(/\?.*/, '') ?? ''
    own.asked.push(path)
    if (path === own.broken) {
      request.destroy()
      return
    }
    if (path === '/token') {
      // Listens beside the provider, which reads the body, too.
      let text = ''
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        own.lastGrant = new URLSearchParams(text)
      })
    }
    if (hasForms || !path.startsWith('/interaction/')) {
      handle(request, response)
      return
    }
    const denied = { error: 'access_denied', error_description: 'the person \u001b[31msaid no' }
    await provider.interactionFinished(
      request,
      response,
      own.person === null ? denied : { login: { accountId: own.person } },
    )
  }

  const own: SignInProvider = {
    issuer,
    person: 'alice',
    claims: {},
    broken: null,
    asked: [],
    lastGrant: new URLSearchParams(),
    issued: [],

    async follow(location, manager) {
      const jar = new Map<string, string>()
      let next = location
      for (let steps = 0; steps < 10; steps += 1) {
        if (next.startsWith(manager)) return next.slice(manager.length)
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
        const page = await fetch(next, { redirect: 'manual', headers: { cookie } })
        for (const text of page.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
          jar.set(name, value)
        }
        const to = page.headers.get('location')
        assert.ok(to, `${page.status} ${await page.text()}`)
        next = new URL(to, next).href
      }
      throw new Error('the provider does not lead back')
    },

    async up() {
      server = createServer((request, response) => void answer(request, response)).listen(port, '127.0.0.1')
      server.unref()
      await once(server, 'listening')
    },

    async down() {
      const closing = server
      server = null
      closing?.closeAllConnections()
      closing?.close()
      if (closing) await once(closing, 'close')
    },
  }
  await own.up()
  after(own.down)
  return own
}

const WITHOUT_FORMS = { interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` } }

/** Suppresses warnings: the provider warns that its database is in memory, as it should be in a test. */
function quietly<T>(make: () => T): T {
  const quiet = mock.method(console, 'warn', () => undefined)
  try {
    return make()
  } finally {
    quiet.mock.restore()
  }
}
