/** The document is valid, complete and committed, and its page loads nothing from other hosts. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { type Api, openApi } from '../../../lab/api.ts'
import { createComponents } from '../../../src/http/docs/components.ts'
import { EXAMPLES } from '../../../src/http/docs/examples/examples.ts'
import { dumpOpenapi } from './dump-openapi.ts'

interface Media {
  readonly schema: object
  readonly example?: unknown
}
interface Operation {
  readonly operationId: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; required: boolean; schema: object }[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { $ref?: string; content?: Readonly<Record<string, Media>> }>>
}
interface Document {
  readonly openapi: string
  readonly info: { readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

async function document(api: Api): Promise<Document> {
  return JSON.parse((await api.get('/openapi.json')).text)
}

/** Returns each route, as "GET /v1/reservations/{id}", except those of files: the page of the document, and clients. */
async function routesOf(api: Api): Promise<string[]> {
  const routes: string[] = []
  api.server.addHook('onRoute', ({ method, url }) => {
    const path = url.replaceAll(/:(\w+)/g, '{$1}')
    // Every GET has a HEAD.
    if (/^\/(docs|client|ui)(\/|$)/.test(path) || method === 'HEAD') return
    routes.push(...[method].flat().map((name) => `${name} ${path}`))
  })
  await api.server.ready()
  return routes.toSorted()
}

function operationsOf(paths: Document['paths']): { readonly path: string; readonly operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.values(operations).map((operation) => ({ path, operation })),
  )
}

/** Returns the places of objects and enumerations in schemas without a name. Skips examples. */
function namelessIn(value: unknown, place: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const nameless = 'properties' in value || ('enum' in value && Array.isArray(value.enum))
  const inside = Object.entries(value).flatMap(([key, inner]) =>
    key === 'example' || key === 'enum' ? [] : namelessIn(inner, `${place}.${key}`),
  )
  return nameless ? [place, ...inside] : inside
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

  it('has a name, a summary, a tag and the form of errors for each operation', async () => {
    const { paths, tags } = await document(await openApi())
    const operations = operationsOf(paths)
    const ids = operations.map(({ operation }) => operation.operationId)
    assert.deepEqual(
      ids.filter((id) => !/^[a-z]+([A-Z][A-Za-z]+)+$/.test(id)),
      [],
      'a verb and a noun in camelCase',
    )
    assert.deepEqual(new Set(ids).size, ids.length, 'two operations have the same operationId')
    for (const { path, operation } of operations) {
      const { operationId, summary, tags: [tag, ...more] = [], responses } = operation
      assert.ok(summary !== undefined && tag !== undefined && more.length === 0, `${operationId}: no summary, or tags`)
      assert.ok(
        tags.some(({ name }) => name === tag),
        `${operationId}: the tag "${tag}" has no description`,
      )
      const error = { $ref: `#/components/responses/${path.startsWith('/v1/') ? 'Problem' : 'Error'}` }
      assert.deepEqual([responses['4XX'], responses['default']], [error, error], operationId)
    }
    const used = new Set(operations.flatMap(({ operation }) => operation.tags ?? []))
    assert.deepEqual([...used].toSorted(), tags.map(({ name }) => name).toSorted())
  })

  it('has each object and each enumeration once, by name', async () => {
    const { paths, components } = await document(await openApi())
    const named = Object.entries(components.schemas)
    const inside = named.flatMap(([name, schema]) => namelessIn(Object.values(schema), name))
    assert.deepEqual([...namelessIn(paths, 'paths'), ...inside], [], 'give the schema a title')
    assert.deepEqual(
      named.map(([name]) => name).filter((name) => !/^([A-Z][a-z]+)+$/.test(name)),
      [],
      'a noun in PascalCase',
    )
  })

  it('would find a schema without a name', () => {
    const { refer } = createComponents()
    const item = { type: 'object', properties: { name: { type: 'string' }, state: { enum: ['ready', 'broken'] } } }
    const list = refer({ type: 'object', title: 'List', properties: { items: { type: 'array', items: item } } })
    assert.deepEqual(namelessIn({ schema: list }, 'a'), [])
    assert.deepEqual(namelessIn({ schema: refer(item) }, 'a'), ['a.schema', 'a.schema.properties.state'])
  })

  it('has an example for each body of a request and for each answer', async () => {
    const { paths } = await document(await openApi())
    const unused = new Set(
      Object.entries(EXAMPLES).flatMap(([id, parts]) => Object.keys(parts).map((part) => `${id} ${part}`)),
    )
    const missing: string[] = []
    for (const { operation } of operationsOf(paths)) {
      const { operationId, requestBody, responses } = operation
      for (const [part, { content = {} }] of Object.entries({
        ...responses,
        ...(requestBody && { request: requestBody }),
      })) {
        for (const [type, { example }] of Object.entries(content)) {
          const name = `${operationId} ${part}${type === 'application/json' ? '' : ` ${type}`}`
          unused.delete(name)
          if (example === undefined && type.endsWith('json') && /^(2|request)/.test(part)) missing.push(name)
        }
      }
    }
    assert.deepEqual({ missing, unused: [...unused] }, { missing: ['getOpenApiDocument 200'], unused: [] })
  })

  it('says which bodies may be left out', async () => {
    const api = await openApi()
    const optional = operationsOf((await document(api)).paths).filter(
      (each) => each.operation.requestBody?.required === false,
    )
    assert.deepEqual(
      optional.map(({ operation }) => operation.operationId),
      ['createReservation', 'releaseReservations'],
    )
    for (const { path } of optional) assert.match(String((await api.ask('POST', path)).status), /^20[01]$/, path)
  })

  it('has the version of the manager', async () => {
    const api = await openApi()
    const health = JSON.parse((await api.get('/healthz')).text)
    assert.equal((await document(api)).info.version, health.version)
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
    assert.match(script.payload, /"displayOperationId":true/)
    const served = await server.inject('/docs/json')
    assert.match(served.json<Document>().info.description, /\[\/openapi\.json\]\(\/openapi\.json\)/)
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
