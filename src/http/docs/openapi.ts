/** The OpenAPI document, made of the schemas of the routes, and a page that renders it without any other host. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { Type } from '../json-schema.ts'
import { OPEN } from '../auth/admission.ts'
import { docsOnly } from './docs-only.ts'
import { completeDocument, OPTIONAL_BODY } from './document.ts'

const DESCRIPTION = `Lends Linux containers over SSH for a limited time.

The endpoints below \`/v1\` are for programs; their errors are \`application/problem+json\` (RFC 9457) with a stable
\`code\`. The others are the simple API, for people with curl; their errors are \`{"error": "…"}\`. Times are RFC 3339 in UTC
unless their description says otherwise. This document is at [/openapi.json](/openapi.json).

\`/v1\` only grows: operations, fields and values of enumerations are added, and none disappears or changes its meaning.
Clients must ignore fields and values that they do not know.`

/** Tags, in the order in which the page shows them. */
const TAGS = [
  { name: 'reservations', description: 'Reserve containers, wait for them, extend, keep and release them' },
  { name: 'pools', description: 'What can be reserved, and how much of it is free' },
  { name: 'containers', description: 'Single containers: their state and host keys; reset, quarantine, recycle' },
  { name: 'terminals', description: 'Shells in reserved containers, over WebSockets' },
  { name: 'events', description: 'The audit log, in pages or as a stream' },
  { name: 'usage', description: 'Containers and time by owner, account, pool or day; figures over time' },
  { name: 'tokens', description: "API tokens, for admins; the caller's own identity" },
  { name: 'sessions', description: 'Sign-in of people with a browser' },
  { name: 'manager', description: 'Liveness, readiness, metrics and this document, for operators' },
  { name: 'simple API', description: 'Four GET requests for people with curl' },
]

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description: 'A token of Berth, or of the identity provider it knows. Not needed where berth.yml says `auth: none`.',
} as const

/** Everything on the page comes with the package; the browser may load nothing else. */
const ONLY_OURS = {
  'default-src': "'self'",
  'img-src': "'self' data:",
  'style-src': "'self' 'unsafe-inline'",
  'frame-ancestors': "'none'",
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The request may have no body. */
    optionalBody?: boolean
  }
}

/** Registers the document and its page. Call it before the routes that the document describes are registered. */
export function describeApi(server: FastifyInstance, version: string): void {
  void server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      security: [{ bearerAuth: [] }],
      components: { securitySchemes: { bearerAuth: BEARER } },
      info: { title: 'Berth', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'The manager that serves this document' }],
      tags: TAGS,
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => ({ url, schema: { ...schema, ...fromConfig(route.config) } }),
    transformObject: (document) =>
      'openapiObject' in document ? completeDocument(document.openapiObject) : document.swaggerObject,
  })
  void server.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...OPEN.config }
    })
    await page.register(swaggerUi, {
      routePrefix: '/docs',
      // Without the top bar, whose search box could load a document from anywhere.
      uiConfig: { layout: 'BaseLayout', displayOperationId: true },
      theme: { title: 'Berth API' },
      staticCSP: ONLY_OURS,
    })
  })
}

function fromConfig({ open, optionalBody }: FastifyContextConfig = {}) {
  return { ...(open === true && { security: [] }), ...(optionalBody === true && { [OPTIONAL_BODY]: true }) }
}

export function openapiRoute(server: FastifyInstance): void {
  const about = { title: 'OpenApiDocument', description: 'An OpenAPI 3.1 document', additionalProperties: true }
  const answer = Type.Object({}, about)
  const schema = {
    tags: ['manager'],
    operationId: 'getOpenApiDocument',
    summary: 'This document',
    response: { 200: answer },
  }
  // Serialised once: it is long, and needs no token.
  let document: Buffer | undefined
  server.get('/openapi.json', { ...docsOnly(schema), ...OPEN }, async (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(server.swagger()))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}
