/** The OpenAPI document, made of the schemas of the routes, and a page that renders it without any other host. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { Type } from '../json-schema.ts'
import { OPEN } from '../auth/admission.ts'
import { docsOnly } from './docs-only.ts'
import { Problem } from '../errors/problems.ts'

const DESCRIPTION = `Lends Linux containers over SSH for a limited time.

The endpoints below \`/v1\` are for programs; their errors are \`application/problem+json\` (RFC 9457) with a stable
\`code\`. The others are the simple API, for people with curl; their errors are \`{"error": "…"}\`. Times are RFC 3339 in UTC
unless it says otherwise.`

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

/** To be called before the routes that the document describes are registered. */
export function describeApi(server: FastifyInstance): void {
  void server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      security: [{ bearerAuth: [] }],
      components: { securitySchemes: { bearerAuth: BEARER } },
      info: { title: 'Berth', version: 'v1', description: DESCRIPTION },
      tags: [
        { name: 'v1', description: 'For programs' },
        { name: 'simple', description: 'For people with curl' },
        { name: 'operations', description: 'For operators of the manager' },
      ],
    },
    transform: ({ schema, url, route }) => {
      const open = route.config?.open === true ? { security: [] } : {}
      return { url, schema: { ...(url.startsWith('/v1/') ? asV1(schema) : schema), ...open } }
    },
  })
  void server.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...OPEN.config }
    })
    await page.register(swaggerUi, {
      routePrefix: '/docs',
      // Without the top bar, whose search box could load a document from anywhere.
      uiConfig: { layout: 'BaseLayout' },
      theme: { title: 'Berth API' },
      staticCSP: ONLY_OURS,
    })
  })
}

/** Adds what all routes of v1 have in common. */
function asV1(schema: FastifySchema): FastifySchema {
  const refused = { description: 'Refused or failed', content: { 'application/problem+json': { schema: Problem } } }
  return { ...schema, tags: ['v1'], response: { ...Object(schema.response), default: refused } }
}

export function openapiRoute(server: FastifyInstance): void {
  const answer = Type.Object({}, { description: 'An OpenAPI 3.1 document', additionalProperties: true })
  const schema = { tags: ['operations'], summary: 'This document', response: { 200: answer } }
  // Serialised once: it is long, and needs no token.
  let document: Buffer | undefined
  server.get('/openapi.json', { ...docsOnly(schema), ...OPEN }, async (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(server.swagger()))
    return reply.type('application/json; charset=utf-8').send(document)
  })
}
