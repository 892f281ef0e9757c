/** Serves the page to which `type` of each problem leads. It loads nothing from other hosts. */
import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { OPEN } from '../auth/admission.ts'
import { prefersHtml } from '../start-page/media-type.ts'
import { STYLE } from '../start-page/page.ts'
import { ERRORS_PATH, PROBLEMS } from './catalogue.ts'

export function errorPageRoutes(server: FastifyInstance): void {
  const style = `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`
  const policy = `default-src 'none';${style};base-uri 'none';form-action 'none';frame-ancestors 'none'`
  server.get(ERRORS_PATH, { schema: { hide: true }, ...OPEN }, async (request, reply) => {
    reply.header('vary', 'Accept')
    if (!prefersHtml(request.headers.accept)) return reply.type('text/plain; charset=utf-8').send(asText())
    return reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(asHtml())
  })
}

function asText(): string {
  return Object.entries(PROBLEMS)
    .map(([code, { status, title, meaning, remedy }]) => `${code} (${status})\n  ${title}. ${meaning}\n  ${remedy}\n`)
    .join('\n')
}

function asHtml(): string {
  const entries = Object.entries(PROBLEMS).map(
    ([code, { status, title, meaning, remedy }]) =>
      `<h2 id="${code}">${title}</h2>\n<p><code>${code}</code>, status ${status}</p>\n` +
      `<p>${escaped(meaning)}</p>\n<p>${escaped(remedy)}</p>\n`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Berth: errors</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Errors</h1>
<p>Every error below <code>/v1</code> is <code>application/problem+json</code> with one of these codes.
<a href="/docs">API reference</a></p>
${entries.join('')}</body>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
