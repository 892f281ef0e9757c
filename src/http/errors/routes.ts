/** Serves the page to which `type` of each problem leads. */
import type { FastifyInstance } from 'fastify'
import { servePage } from '../pages/page.ts'
import { ERRORS_PATH, PROBLEMS } from './catalogue.ts'

export function errorPageRoutes(server: FastifyInstance): void {
  servePage(server, ERRORS_PATH, { schema: { hide: true } }, { title: 'Berth: errors', body: asHtml(), text: asText() })
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
  return `<h1>Errors</h1>
<p>Every error below <code>/v1</code> is <code>application/problem+json</code> with one of these codes.
<a href="/docs">API reference</a></p>
${entries.join('')}`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
