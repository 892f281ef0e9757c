/**
 * Serves the dashboard below `/ui/`: its files as they were built, and its one page at every other path. No
 * authentication: they contain no data, and every caller gets the same. They are pages, so the OpenAPI document lacks
 * them.
 */
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { ServerContext } from '../context.ts'
import { sendPage } from '../pages/page.ts'
import { readIndexPage } from './index-page.ts'

/** No rate limit either: a class behind one address loads some thirty files for each person. */
const STATIC = { schema: { hide: true }, config: { open: true, rateLimit: false, frequent: true } } as const

/** Paths of files. Each part begins with a letter, digit, `_` or `-`, so none of them is `..` or a hidden file. */
const FILE = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/
const LAST_PART_HAS_DOT = /\.[^/]*$/

const NOT_BUILT = {
  title: 'Berth',
  body: `<h1>The dashboard is not built</h1>
<p>Run <code>just setup</code> in the checkout of this manager, then reload this page; the manager need not restart.</p>
<p>Everything else works: <a href="/docs">the API as a page</a>, and the command <code>berth</code>.</p>
`,
  text: 'The dashboard is not built: run "just setup" in the checkout of this manager. The API is at /docs.\n',
}

export function uiRoutes(server: FastifyInstance, { dashboard }: ServerContext): void {
  void server.register(async (ui) => {
    // Without a root of its own: a build that is made later is served, too.
    await ui.register(fastifyStatic, { serve: false, preCompressed: true, index: false, dotfiles: 'ignore' })
    ui.get('/ui', STATIC, (request, reply) => serveIndex(request, reply, dashboard))
    ui.get<{ Params: { '*': string } }>('/ui/*', STATIC, async (request, reply) => {
      const path = request.params['*']
      if (!LAST_PART_HAS_DOT.test(path)) return serveIndex(request, reply, dashboard)
      if (!FILE.test(path)) throw new BerthError('not_found', 'there is no such file')
      // The build puts a hash into the names of all files in assets/.
      const lasting = path.startsWith('assets/')
      return reply.sendFile(path, dashboard, lasting ? { maxAge: '1y', immutable: true } : { maxAge: 0 })
    })
  })
}

async function serveIndex(request: FastifyRequest, reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const page = await readIndexPage(folder)
  if (page === null) return sendPage(request, reply, NOT_BUILT)
  return reply.header('content-security-policy', page.policy).type('text/html; charset=utf-8').send(page.html)
}
