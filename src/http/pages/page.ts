/** Serves a page without a token: HTML for browsers, text for everything else. It loads nothing from other hosts. */
import { hash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import { OPEN } from '../auth/admission.ts'
import { prefersHtml } from './media-type.ts'

interface Page {
  readonly title: string
  /** HTML between the tags of the body. */
  readonly body: string
  /** The same for clients that do not prefer HTML. */
  readonly text: string
}

/** Allowed by its hash in the Content-Security-Policy; a page loads nothing else. */
const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
pre { padding: 1rem; overflow-x: auto; border: 1px solid; border-radius: .3rem }
`

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';')

export function servePage(server: FastifyInstance, path: string, options: RouteShorthandOptions, page: Page): void {
  server.get(path, { ...options, ...OPEN }, async (request, reply) => sendPage(request, reply, page))
}

export function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  reply.header('vary', 'Accept')
  if (!prefersHtml(request.headers.accept)) return reply.type('text/plain; charset=utf-8').send(page.text)
  return reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8').send(documentOf(page))
}

function documentOf({ title, body }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${body}</body>
</html>
`
}
