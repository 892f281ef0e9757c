/** Turns errors of the schema validator into violations: the path, what is allowed, and the value. */
import type { Violation } from '../../domain/errors.ts'
import { forJson } from '../../domain/text/foreign-text.ts'
import { gotText } from '../../domain/text/got.ts'
import { mostSimilar } from '../../domain/text/similar.ts'

/** The keywords of JSON Schema that our schemas use. */
interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly format?: string
  readonly examples?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
}

/** An error of the validator. */
export interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly schemaPath: string
  readonly params: Readonly<Record<string, unknown>>
  /** The refused value. */
  readonly data?: unknown
  /** The schema that refuses it. */
  readonly parentSchema?: object
}

/** Properties whose values are not repeated: passwords, API tokens, a private key that was sent as a public one. */
const SECRET = ['password', 'ssh_keys', 'token']
export const TOO_LARGE = 'is too large a number'
const TIMESTAMP = 'an RFC 3339 timestamp like 2026-11-24T17:00:00Z'

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  object: 'an object',
}

/**
 * Maximum number of violations with words of their own; an answer lists fewer. A body of 64 KiB can have ten thousand,
 * and the search for what each was meant to be took ten seconds.
 */
const MAX_WORDED = 100

/** Returns one violation per path. `whole` names a part of the request that is wrong as a whole: "body" or "query". */
export function violationsOf(errors: readonly SchemaError[], whole: string): Violation[] {
  const anyOf = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => `${schemaPath}/`)
  const alternatives = [...new Set(anyOf)]
  // The error of `anyOf` itself covers those of its alternatives.
  const own = errors.filter(({ schemaPath }) => !alternatives.some((path) => schemaPath.startsWith(path)))
  const found = firstOfEachPath(own.map((error) => ({ path: pathOf(stepsOf(error)) || whole, error })))
  return found.map(({ path, error }, nth) => ({
    path,
    message: nth < MAX_WORDED ? messageOf(error) : 'is not allowed',
  }))
}

export function firstOfEachPath<Item extends { readonly path: string }>(items: readonly Item[]): Item[] {
  const first = new Map<string, Item>()
  for (const item of items) if (!first.has(item.path)) first.set(item.path, item)
  return [...first.values()]
}

/** "1e400" in a URL becomes Infinity, which passes the bounds of a schema. */
export function isInfinite(value: unknown): boolean {
  return value === Infinity || value === -Infinity
}

/** Returns the steps to the property that is refused, missing or unknown. */
export function stepsOf({ instancePath, params }: SchemaError): string[] {
  const inner = params['additionalProperty'] ?? params['missingProperty']
  const steps = instancePath.split('/').slice(1).map(unescaped)
  return typeof inner === 'string' ? [...steps, inner] : steps
}

/** Decodes a step of a JSON Pointer (RFC 6901). */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** ["ssh_keys", "0"] -> "ssh_keys[0]" */
function pathOf(steps: readonly string[]): string {
  const path = steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('')
  return path.replace(/^\./, '')
}

function messageOf(error: SchemaError): string {
  const { keyword, params, data } = error
  const schema: Schema = error.parentSchema ?? {}
  switch (keyword) {
    case 'required':
      return 'is missing'
    case 'additionalProperties':
      return unknownProperty(String(params['additionalProperty']), Object.keys(schema.properties ?? {}))
    case 'minLength':
      return params['limit'] === 1 ? 'must not be empty' : `must have at least ${params['limit']} characters`
    case 'maxLength':
      return `must have at most ${params['limit']} characters, got ${Array.from(String(data)).length}`
    case 'maxItems':
      return `must have at most ${params['limit']} entries, got ${Array.isArray(data) ? data.length : 0}`
  }
  if (isInfinite(data)) return TOO_LARGE
  return `must be ${allowedBy(schema)}${gotValue(stepsOf(error), data)}`
}

function unknownProperty(name: string, known: readonly string[]): string {
  const meant = mostSimilar(name, known)
  const hint = meant === null ? ';' : `; did you mean "${meant}"?`
  return `is unknown${hint} allowed: ${known.join(', ')}`
}

/** Returns what a schema allows, in words that follow "must be". */
function allowedBy(schema: Schema): string {
  if (schema.anyOf) return schema.anyOf.map(allowedBy).join(' or ')
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.const !== undefined) return forJson(schema.const)
  const { type = '', format } = schema
  if (type === 'integer') return `a whole number${rangeOf(schema)}`
  if (type === 'number') return `a number${rangeOf(schema)}`
  if (type === 'array') return schema.items?.type === 'string' ? 'a list of strings' : 'a list'
  if (format === 'date-time') return TIMESTAMP
  if (type === 'string' && schema.examples?.[0] !== undefined) return `a string like "${schema.examples[0]}"`
  return TYPES[type] ?? type
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `, at least ${minimum}`
  return maximum === undefined ? '' : `, at most ${maximum}`
}

function gotValue(steps: readonly string[], value: unknown): string {
  if (typeof value === 'object' && value !== null) return `, got ${Array.isArray(value) ? 'a list' : 'an object'}`
  if (SECRET.includes(steps[0] ?? '')) return `, got a ${typeof value}`
  return typeof value === 'string' ? gotText(value) : `, got ${String(value)}`
}
