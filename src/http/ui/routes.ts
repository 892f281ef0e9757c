/**
 * Serves the dashboard below `/ui/`: its files as they were built, and its page at every other path. Needs no
 * authentication: files and page contain no data and are the same for every caller. The OpenAPI document does not
 * contain them.
 */
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import type { ServerContext } from '../context.ts'
import { sendPage } from '../pages/page.ts'
import { readIndexPage } from './index-page.ts'

/** No rate limit: a class that shares an address loads some thirty files for each person. */
const STATIC = { schema: { hide: true }, config: { open: true, rateLimit: false, frequent: true } } as const

/** Paths of files. Each part begins with a letter, digit, `_` or `-`, so none is `..` or the name of a hidden file. */
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
    // Without `root`, because the folder may be built later: `sendFile` names it.
    await ui.register(fastifyStatic, { serve: false, preCompressed: true, index: false, dotfiles: 'ignore' })
    ui.get('/ui', STATIC, (request, reply) => serveIndex(request, reply, dashboard))
    ui.get<{ Params: { '*': string } }>('/ui/*', STATIC, async (request, reply) => {
      const path = request.params['*']
      if (!LAST_PART_HAS_DOT.test(path)) return serveIndex(request, reply, dashboard)
      if (!FILE.test(path)) throw new BerthError('not_found', 'the dashboard has no such file')
      // The build puts a hash into the names of all files in assets/.
      const isHashed = path.startsWith('assets/')
      return reply.sendFile(path, dashboard, isHashed ? { maxAge: '1y', immutable: true } : { maxAge: 0 })
    })
  })
}

async function serveIndex(request: FastifyRequest, reply: FastifyReply, folder: string): Promise<FastifyReply> {
  const page = await readIndexPage(folder)
  if (page === null) return sendPage(request, reply, NOT_BUILT)
  return reply.header('content-security-policy', page.policy).type('text/html; charset=utf-8').send(page.html)
}
