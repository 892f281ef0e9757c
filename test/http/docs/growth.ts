/**
 * Compares two OpenAPI documents: whether a client of the earlier one can use the later one. Requests may allow more,
 * and answers may contain more; nothing may disappear.
 */
import { type Schema, schemaComparisons } from './schema-growth.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}
interface Body {
  readonly required?: boolean
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
}
interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses?: Readonly<Record<string, Body & { readonly $ref?: string }>>
}
export interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>
    readonly responses?: Readonly<Record<string, Body>>
  }
}

/** Returns a sentence for each change that breaks a client of `before`. */
export function breakingChanges(before: Api, after: Api): string[] {
  const found: string[] = []
  for (const [path, operations] of Object.entries(before.paths)) {
    for (const [method, earlier] of Object.entries(operations)) {
      const name = `${method.toUpperCase()} ${path}`
      const later = after.paths[path]?.[method]
      if (later) found.push(...operationChanges(name, [before, earlier], [after, later]))
      else found.push(`${name}: the operation was removed`)
    }
  }
  return found
}

type Side = readonly [api: Api, operation: Operation]

function operationChanges(name: string, [before, earlier]: Side, [after, later]: Side): string[] {
  const { narrowed, lessened } = schemaComparisons(before.components?.schemas ?? {}, after.components?.schemas ?? {})
  return [
    ...parameterChanges(name, earlier.parameters ?? [], later.parameters ?? [], narrowed),
    ...requestChanges(`${name}, body`, earlier.requestBody, later.requestBody, narrowed),
    ...Object.entries(earlier.responses ?? {}).flatMap(([status, answer]) => {
      const now = later.responses?.[status]
      if (!now) return [`${name}: the response ${status} was removed`]
      return contentChanges(`${name}, ${status}`, resolved(before, answer), resolved(after, now), lessened)
    }),
  ]
}

type Compare = (place: string, earlier: Schema, later: Schema) => string[]

function parameterChanges(
  name: string,
  earlier: readonly Parameter[],
  later: readonly Parameter[],
  narrowed: Compare,
): string[] {
  const same = (one: Parameter) => (other: Parameter) => one.name === other.name && one.in === other.in
  const added = later.filter((now) => now.required === true && !earlier.some(same(now)))
  return [
    ...added.map((now) => `${name}: the new parameter "${now.name}" is required`),
    ...earlier.flatMap((was) => {
      const now = later.find(same(was))
      if (!now) return [`${name}: the parameter "${was.name}" was removed`]
      const required = now.required === true && was.required !== true
      return [
        ...(required ? [`${name}: the parameter "${was.name}" is now required`] : []),
        ...narrowed(`${name}, parameter "${was.name}"`, was.schema, now.schema),
      ]
    }),
  ]
}

function requestChanges(place: string, was: Body | undefined, now: Body | undefined, narrowed: Compare): string[] {
  const required = now?.required === true && was?.required !== true
  if (required) return [`${place}: a body is now required`]
  if (!was) return []
  return now ? contentChanges(place, was, now, narrowed) : [`${place}: the body was removed`]
}

function contentChanges(place: string, was: Body, now: Body, compare: Compare): string[] {
  return Object.entries(was.content ?? {}).flatMap(([type, { schema = {} }]) => {
    const later = now.content?.[type]
    return later ? compare(place, schema, later.schema ?? {}) : [`${place}: the type ${type} was removed`]
  })
}

function resolved({ components }: Api, body: Body & { readonly $ref?: string }): Body {
  const name = body.$ref?.replace('#/components/responses/', '')
  return name === undefined ? body : (components?.responses?.[name] ?? {})
}
