/** What people find at the address that the manager prints. */
import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { OPEN } from '../auth/admission.ts'
import { docsOnly } from '../docs/docs-only.ts'
import { Type } from '../json-schema.ts'
import { prefersHtml } from './media-type.ts'
import { HTML, STYLE, TEXT } from './page.ts'

const Page = { schema: Type.String() }
const SHOW = docsOnly({
  tags: ['manager'],
  operationId: 'getStartPage',
  summary: 'What this is, and where to go on: a page for browsers, five lines of text for others',
  response: {
    200: { description: 'The same for every caller', content: { 'text/plain': Page, 'text/html': Page } },
  },
})

export function startPageRoutes(server: FastifyInstance): void {
  const style = `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`
  const policy = `default-src 'none';${style};base-uri 'none';form-action 'none';frame-ancestors 'none'`
  server.get('/', { ...SHOW, ...OPEN }, async (request, reply) => {
    reply.header('vary', 'Accept')
    if (!prefersHtml(request.headers.accept)) return reply.type('text/plain; charset=utf-8').send(TEXT)
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(HTML)
  })
}
