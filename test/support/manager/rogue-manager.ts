/**
 * A manager that answers every operation of openapi.json as the schema says, with texts of its choice in every
 * string.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { after } from 'node:test'
import { withoutReferences } from '../http/references.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly format?: string
  readonly minimum?: number
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const TEXT = readFileSync(new URL('../../../openapi.json', import.meta.url), 'utf8')
const DOCUMENT = withoutReferences(JSON.parse(TEXT) as Document)

export interface Rogue {
  /** One element of every list for each of them. */
  readonly texts: readonly string[]
  /** Values that stay as they are, by the name of the field: without them no command gets far. */
  readonly tame?: Readonly<Record<string, unknown>>
  /** Refuses everything with this status. */
  readonly refuse?: number
}

function fill(schema: Schema, rogue: Rogue, name: string, text: string): unknown {
  const { tame = {} } = rogue
  if (Object.hasOwn(tame, name)) return tame[name]
  if (name === 'next') return null
  if (schema.anyOf) return fill(schema.anyOf.find((one) => one.type !== 'null') ?? {}, rogue, name, text)
  const { type = 'string' } = schema
  switch (type) {
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1)
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return rogue.texts.map((one) => fill(schema.items ?? {}, rogue, '', one))
    case 'object': {
      const fields = Object.entries(schema.properties ?? {})
      return Object.fromEntries([
        ...fields.map(([key, inner]) => [key, fill(inner, rogue, key, text)]),
        ...(fields.length === 0 ? [[text, 1]] : []),
      ])
    }
    default:
      return text
  }
}

function answer(response: ServerResponse, method: string, url: string, accept: string, rogue: Rogue): void {
  const text = rogue.texts.join(' ')
  const path = url.replace(/\?.*/, '')
  const found = Object.entries(DOCUMENT.paths).find(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  const responses = found?.[1][method.toLowerCase()]?.responses ?? {}
  if (rogue.refuse !== undefined) {
    const problem = {
      type: text,
      title: text,
      status: rogue.refuse,
      code: text,
      errors: [{ path: text, message: text }],
    }
    response.writeHead(rogue.refuse, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
    return
  }
  const [status = '200', described] = Object.entries(responses).find(([code]) => code.startsWith('2')) ?? []
  const schema = described?.content?.['application/json']?.schema ?? {}
  const body = JSON.stringify(fill(schema, rogue, '', text))
  if (accept.includes('text/csv')) {
    response.writeHead(200, { 'content-type': 'text/csv' }).end(`key,${text}\r\n${text}\r\n`)
    return
  }
  response.writeHead(Number(status), { 'content-type': 'application/json' }).end(body)
}

/** Gives its URL; it is closed after the file's tests. */
export async function rogueManager(rogue: Rogue): Promise<string> {
  const server = createServer(({ method = 'GET', url = '/', headers }, response) =>
    answer(response, method, url, headers.accept ?? '', rogue),
  ).listen(0, '127.0.0.1')
  after(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
