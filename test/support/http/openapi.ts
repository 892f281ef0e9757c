/** Requests that an OpenAPI document describes, and many that it does not, and whether answers are as it says. */
import fc from 'fast-check'
import { Compile } from 'typebox/schema'

/** As far as our document goes. */
interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly format?: string
}

interface Parameter {
  readonly in: 'query' | 'path' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly schema: JsonSchema
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

export interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

export interface WildRequest {
  readonly method: string
  /** As in the document. */
  readonly path: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Values that mean something to the server: for parameters and keys of a name, and wherever a text may stand. */
export interface Words {
  readonly anywhere: readonly string[]
  readonly byName: Readonly<Record<string, readonly string[]>>
}

/** Names that have meant trouble to servers written in JavaScript. */
const TROUBLE = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  '\0',
  '../../etc/passwd',
  '%',
  '%00',
]

function textOf(words: Words, name = ''): fc.Arbitrary<string> {
  const { [name]: fitting = words.anywhere } = words.byName
  return fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...fitting) },
    { weight: 2, arbitrary: fc.constantFrom(...words.anywhere) },
    { weight: 1, arbitrary: fc.constantFrom(...TROUBLE) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()) },
  )
}

/** What the schema allows. */
function valid(schema: JsonSchema, words: Words, name?: string): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => valid(one, words, name)))
  const { minimum: min = -5, maximum: max = 1_000 } = schema
  const { type = 'string' } = schema
  switch (type) {
    case 'integer':
      return fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min, max: Math.min(max, Math.max(min, 0) + 3) }) },
        { weight: 1, arbitrary: fc.integer({ min, max }) },
      )
    case 'number':
      return fc.double({ min, max, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(valid(schema.items ?? {}, words, name), { maxLength: Math.min(schema.maxItems ?? 3, 3) })
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([key, one]) => [key, valid(one, words, key)] as const)
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] })
    }
    default:
      return textOf(words, name)
  }
}

/** Something of the same kind with one thing, or everything, wrong. */
function broken(schema: JsonSchema, words: Words): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(1e308, -0, 2 ** 53, '', [], {}))
  if (schema.type !== 'object') return anything
  const keys = [...Object.keys(schema.properties ?? {}), ...TROUBLE, 'unknown']
  return fc.oneof(
    anything,
    fc
      .tuple(valid(schema, words), fc.constantFrom(...keys), anything)
      .map(([whole, key, part]) => Object.fromEntries([...Object.entries(Object(whole)), [key, part]])),
  )
}

/** Any request to any operation, as likely right as wrong. `only` narrows what some parameters are tried with. */
export function wildRequests(
  paths: Paths,
  words: Words,
  only: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<WildRequest> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      weight: weightOf(method, operation),
      arbitrary: oneOperation(method, path, operation, words, only),
    })),
  )
  return fc.oneof(...operations)
}

/** Writes are tried more often than reads, and creations most often, because random ones are rarely valid. */
function weightOf(method: string, { responses }: Operation): number {
  if ('201' in responses) return 12
  return method === 'get' ? 1 : 3
}

function oneOperation(
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
  words: Words,
  only: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<WildRequest> {
  const value = ({ name, schema }: Parameter): fc.Arbitrary<string> => {
    const narrow = only[`${method} ${path} ${name}`]
    if (narrow) return fc.constantFrom(...narrow)
    return fc.oneof(
      { weight: 3, arbitrary: valid(schema, words, name).map(String) },
      { weight: 1, arbitrary: textOf(words) },
    )
  }
  const some = (where: Parameter['in']) =>
    fc.tuple(
      ...parameters
        .filter((p) => p.in === where)
        .map((p) => fc.option(value(p), { freq: p.required ? 20 : 1 }).map((one) => [p.name, one] as const)),
    )
  const extra = fc.option(fc.tuple(fc.constantFrom('unknown', ...TROUBLE), textOf(words)), { freq: 1, nil: null })
  const json = requestBody?.content['application/json']?.schema
  const body = json
    ? fc.oneof(
        { weight: 6, arbitrary: valid(json, words).map((one) => JSON.stringify(one)) },
        { weight: 4, arbitrary: broken(json, words).map((one) => JSON.stringify(one)) },
        { weight: 1, arbitrary: fc.constantFrom('', '{', 'null', '[]', '{"a":1,"a":2}', '\u0000') },
      )
    : fc.constant(undefined)
  return fc
    .tuple(some('path'), some('query'), some('header'), extra, body)
    .map(([inPath, query, header, more, sent]) => {
      const steps = new Map(inPath)
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(steps.get(name) || 'none'))
      const pairs = [...query, ...(more ? [more] : [])].flatMap(([name, one]) =>
        one === null ? [] : [`${encode(name)}=${encode(one)}`],
      )
      const headers = header.flatMap(([name, one]) => (one === null ? [] : [[name, printable(one)]]))
      return {
        method: method.toUpperCase(),
        path,
        url: pairs.length > 0 ? `${filled}?${pairs.join('&')}` : filled,
        headers: { ...Object.fromEntries(headers), ...(sent !== undefined && { 'content-type': 'application/json' }) },
        ...(sent !== undefined && { body: sent }),
      }
    })
}

/** encodeURIComponent refuses lone surrogates. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

/** What a header can carry. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?')
}

/** What is wrong with an answer, by the document; null when nothing is. */
export function answerProblem(
  operation: Operation,
  { status, type, text }: { status: number; type: string; text: string },
): string | null {
  const described = operation.responses[status] ?? operation.responses['default']
  if (!described) return `${status} is not described`
  // An answer without a body has no type, as 204.
  if (!described.content && text === '') return null
  const media = type.replace(/;.*/, '')
  const content = described.content?.[media]
  if (!content) return `${media} is not described for ${status}`
  if (!media.endsWith('json')) return null
  const [fits, errors] = Compile(Object(content.schema)).Errors(JSON.parse(text))
  return fits ? null : `breaks its schema: ${JSON.stringify(errors).slice(0, 500)}`
}
