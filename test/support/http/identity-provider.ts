/** A real OpenID provider on the loopback, with people who have signed on already: each is a client with a secret. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { after, mock } from 'node:test'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { Provider } from 'oidc-provider'
import { reservePorts } from '../../../lab/ports.ts'

const SECRET = 'a-secret-of-a-test'

interface Person {
  readonly sub: string
  /** More that the provider says of them. */
  readonly claims?: object
}

export interface TestProvider {
  readonly issuer: string
  /** What its token endpoint gives to this person, for use at the resource `urn:<audience>`. */
  token(sub: string, audience?: string): Promise<string>
  /** What it would not give: anything, signed with its present key unless with another one. */
  sign(payload: JWTPayload, header?: { kid?: string; typ?: string }, key?: CryptoKey): Promise<string>
  /** What it would say of a person who is in order, for `sign`. */
  readonly claims: () => JWTPayload
  /** Signs with another key from now on. The one before is not published any more, unless it is said. */
  rotate(options?: { keep?: boolean; kid?: boolean }): Promise<void>
  down(): Promise<void>
  up(): Promise<void>
  /** The paths that it was asked for. */
  readonly asked: string[]
}

export async function openProvider(people: readonly Person[]): Promise<TestProvider> {
  const [port = 0] = await reservePorts(1)
  const issuer = `http://127.0.0.1:${port}`
  const asked: string[] = []
  let keys: JWK[] = []
  let listener: RequestListener = () => undefined
  let server: Server | null = null

  async function rotate({ keep = false, kid = true } = {}): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const name = `key-${keys.length}-${asked.length}`
    const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', ...(kid && { kid: name }) }
    keys = [jwk, ...(keep ? keys : [])]
    listener = createProvider(issuer, people, keys)
  }

  async function up(): Promise<void> {
    const opened = createServer((request, response) => {
      asked.push(request.url ?? '')
      listener(request, response)
    })
    opened.listen(port, '127.0.0.1').unref()
    await once(opened, 'listening')
    server = opened
  }

  async function down(): Promise<void> {
    const closing = server
    server = null
    closing?.closeAllConnections()
    closing?.close()
    if (closing) await once(closing, 'close')
  }

  await rotate()
  await up()
  after(down)
  return {
    issuer,
    asked,
    rotate,
    up,
    down,
    async token(sub, audience = 'berth') {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${sub}:${SECRET}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:${audience}` }),
      })
      const body = (await response.json()) as { access_token: string }
      assert.equal(response.status, 200, JSON.stringify(body))
      return body.access_token
    },
    claims: () => ({ iss: issuer, aud: 'berth', sub: 'alice', exp: Math.floor(Date.now() / 1_000) + 60 }),
    async sign(payload, header = {}, key) {
      const { kid, ...jwk } = keys[0] ?? {}
      const signing = key ?? (await crypto.subtle.importKey('jwk', jwk, RS256, false, ['sign']))
      const named = { ...(kid !== undefined && { kid }), alg: 'RS256', ...header }
      return new SignJWT(payload).setProtectedHeader(named).sign(signing)
    },
  }
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

function createProvider(issuer: string, people: readonly Person[], keys: readonly JWK[]): RequestListener {
  // It warns of what is right for a test: its database is in memory.
  const quiet = mock.method(console, 'warn', () => undefined)
  try {
    return new Provider(issuer, {
      jwks: { keys },
      clients: people.map(({ sub }) => ({
        client_id: sub,
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      extraTokenClaims: (_: unknown, { clientId }: { clientId: string }) =>
        people.find(({ sub }) => sub === clientId)?.claims,
      ttl: { ClientCredentials: 60 },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_: unknown, resource: string) => ({
            scope: '',
            audience: resource.replace('urn:', ''),
            accessTokenTTL: 60,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    }).callback()
  } finally {
    quiet.mock.restore()
  }
}
