/** What people find at the address that the manager prints. */
import type { FastifyInstance, preHandlerAsyncHookHandler } from 'fastify'
import type { ServerContext } from '../context.ts'
import { docsOnly } from '../docs/docs-only.ts'
import { Type } from '../json-schema.ts'
import { prefersHtml } from '../pages/media-type.ts'
import { servePage } from '../pages/page.ts'
import { isBuilt } from '../ui/index-page.ts'
import { BODY, TEXT } from './page.ts'

const Page = { schema: Type.String() }
const SHOW = docsOnly({
  tags: ['manager'],
  operationId: 'getStartPage',
  summary: 'What this is, and where to go on: a page for browsers, five lines of text for others',
  response: {
    200: { description: 'The same for every caller', content: { 'text/plain': Page, 'text/html': Page } },
    303: { description: 'For browsers, if the dashboard is built: redirects to `/ui/`', type: 'null' },
  },
})

export function startPageRoutes(server: FastifyInstance, { dashboard }: ServerContext): void {
  const toDashboard: preHandlerAsyncHookHandler = async (request, reply) => {
    if (!prefersHtml(request.headers.accept) || !(await isBuilt(dashboard))) return
    return reply.header('vary', 'Accept').redirect('/ui/', 303)
  }
  servePage(server, '/', { ...SHOW, preHandler: toDashboard }, { title: 'Berth', body: BODY, text: TEXT })
}
