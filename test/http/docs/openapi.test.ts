/** The document is valid, complete and committed, and its page loads nothing from other hosts. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { type Api, openApi } from '../../../lab/api.ts'
import { dumpOpenapi } from './dump-openapi.ts'

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; required: boolean; schema: object }[]
  readonly responses: Readonly<Record<string, { content?: object }>>
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

async function document(api: Api): Promise<{ openapi: string; paths: Paths }> {
  return JSON.parse((await api.get('/openapi.json')).text)
}

/** "GET /v1/reservations/{id}" for each route but those of the page that renders the document. */
async function routesOf(api: Api): Promise<string[]> {
  const routes: string[] = []
  api.server.addHook('onRoute', ({ method, url }) => {
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    // Every GET has a HEAD.
    if (!path.startsWith('/docs') && method !== 'HEAD') routes.push(...[method].flat().map((name) => `${name} ${path}`))
  })
  await api.server.ready()
  return routes.toSorted()
}

describe('GET /openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const served = { ...(await document(await openApi())) }
    const { valid, errors = [] } = await validator.validate(served)
    assert.deepEqual({ valid, errors, version: validator.version }, { valid: true, errors: [], version: '3.1' })
    const broken = await validator.validate({ ...served, paths: { reserve: {} } })
    assert.equal(broken.valid, false, 'the validator would call anything valid')
  })

  it('describes every route, and nothing else', async () => {
    const api = await openApi()
    const routes = await routesOf(api)
    const described = Object.entries((await document(api)).paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    assert.ok(routes.includes('GET /reserve') && routes.includes('GET /v1/pools'))
    assert.deepEqual(described.toSorted(), routes)
  })

  it('has a summary for each route, and the form of errors below /v1', async () => {
    const { paths } = await document(await openApi())
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { summary, tags, responses }] of Object.entries(operations)) {
        assert.ok(summary !== undefined && tags?.length === 1, `${method} ${path} has no summary, or not one tag`)
        const errors = Object.keys(responses['default']?.content ?? {})
        assert.deepEqual(errors, path.startsWith('/v1/') ? ['application/problem+json'] : [], `${method} ${path}`)
      }
    }
  })

  it('lists the parameters of /reserve, which fastify neither checks nor changes', async () => {
    const api = await openApi()
    const parameters = (await document(api)).paths['/reserve']?.['get']?.parameters ?? []
    assert.deepEqual(
      parameters.map(({ name, required }) => `${name}${required ? '' : '?'}`),
      ['username', 'password?', 'count?', 'duration?', 'pool?'],
    )
    const { status, text } = await api.get('/reserve?username=alice&count=x')
    const error = 'count must be a whole number from 1 to 10, not "x"'
    assert.deepEqual({ status, text }, { status: 400, text: JSON.stringify({ error }) })
  })

  it('equals the committed file', async () => {
    const committed = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')
    const how = 'when the change is meant: just api'
    assert.ok((await dumpOpenapi()) === committed, `openapi.json is not what the routes say; ${how}`)
  })
})

describe('GET /docs', () => {
  it('is a page without parts from other hosts', async () => {
    const { server } = await openApi()
    for (const path of ['/docs', '/docs/']) {
      const page = await server.inject(path)
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
      const parts = [...page.payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '')
      assert.ok(parts.length >= 5)
      for (const part of parts) {
        const { origin, pathname } = new URL(part, `http://localhost${path}`)
        assert.equal(origin, 'http://localhost', part)
        assert.equal((await server.inject(pathname)).statusCode, 200, part)
      }
      assert.doesNotMatch(page.payload, /https?:|<script>/)
    }
  })

  it('loads the document from this host, and may load nothing from others', async () => {
    const { server } = await openApi()
    const script = await server.inject('/docs/static/swagger-initializer.js')
    assert.doesNotMatch(script.payload, /https?:(?!\/\/stackoverflow\.com\/a\/)/)
    assert.match(script.payload, /validatorUrl: null/)
    const served = await server.inject('/docs/json')
    assert.equal(served.payload, (await server.inject('/openapi.json')).payload)
    const policy = String((await server.inject('/docs')).headers['content-security-policy'])
    assert.match(policy, /^default-src 'self';/)
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval|script-src/)
  })

  it('answers 404 for an unknown part', async () => {
    const api = await openApi()
    for (const path of ['/docs/static/nothing.js', '/docs/static/..%2findex.js', '/docs/nothing']) {
      const { status, text } = await api.get(path)
      assert.deepEqual({ status, text }, { status: 404, text: '{"error":"there is nothing at this path"}' }, path)
    }
    assert.equal((await api.server.inject({ method: 'POST', url: '/docs/static/swagger-ui.css' })).statusCode, 405)
  })
})
