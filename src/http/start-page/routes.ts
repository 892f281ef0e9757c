/** What people find at the address that the manager prints. */
import type { FastifyInstance } from 'fastify'
import { docsOnly } from '../docs/docs-only.ts'
import { Type } from '../json-schema.ts'
import { servePage } from '../pages/page.ts'
import { BODY, TEXT } from './page.ts'

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
  servePage(server, '/', SHOW, { title: 'Berth', body: BODY, text: TEXT })
}
