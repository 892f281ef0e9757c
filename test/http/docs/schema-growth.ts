/** Compares schemas of two OpenAPI documents, as far as the builders of json-schema.ts can make them. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly [keyword: string]: unknown
}
type Schemas = Readonly<Record<string, Schema>>

/** Keywords that limit a value from below, from above, and otherwise. */
const LEAST = ['minimum', 'minLength', 'minItems'] as const
const MOST = ['maximum', 'maxLength', 'maxItems'] as const
const EXACT = ['pattern', 'format'] as const

/** Returns the comparisons of schemas. `before` and `after` are the components of the two documents, by name. */
export function schemaComparisons(before: Schemas, after: Schemas) {
  /** Returns a sentence for each value that the earlier schema of a request allows and the later one refuses. */
  function narrowed(place: string, earlier: Schema, later: Schema): string[] {
    const now = byType(later, after)
    return [...byType(earlier, before)].flatMap(([type, was]) => {
      const same = now.get(type) ?? (type === 'integer' ? now.get('number') : undefined) ?? now.get(ANY)
      if (!same) return [`${place}: ${type} is not allowed any more`]
      return [
        ...missingValues(was, same).map((value) => `${place}: ${value} is not allowed any more`),
        ...tightened(place, was, same),
        ...propertiesOf(was, same, place, narrowed),
        ...(same.required ?? [])
          .filter((name) => was.required?.includes(name) !== true)
          .map((name) => `${place}: the property "${name}" is now required`),
      ]
    })
  }

  /** Returns a sentence for each promise of the earlier schema of an answer that the later one breaks. */
  function lessened(place: string, earlier: Schema, later: Schema): string[] {
    const was = byType(earlier, before)
    return [...byType(later, after)].flatMap(([type, now]) => {
      const same = was.get(type) ?? (type === 'integer' ? was.get('number') : undefined) ?? was.get(ANY)
      if (!same) return [`${place}: may now be ${type}`]
      const kept = (name: string) => now.required?.includes(name) === true || now.properties?.[name] === undefined
      return [
        ...propertiesOf(same, now, place, lessened),
        ...(same.required ?? [])
          .filter((name) => !kept(name))
          .map((name) => `${place}: the property "${name}" may now be missing`),
      ]
    })
  }

  return { narrowed, lessened }
}

const ANY = 'any value'

/** Returns the alternatives of a schema by their type. */
function byType(schema: Schema, components: Schemas): Map<string, Schema> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '')
    return byType(components[name] ?? {}, components)
  }
  if (schema.anyOf) return new Map(schema.anyOf.flatMap((each) => [...byType(each, components)]))
  const values = valuesOf(schema)
  const type = schema.type ?? (values ? typeof values[0] : ANY)
  return new Map([[type, schema]])
}

function valuesOf(schema: Schema): readonly unknown[] | undefined {
  return schema.const === undefined ? schema.enum : [schema.const]
}

/** Returns the values that the later schema does not allow, in words. */
function missingValues(was: Schema, now: Schema): string[] {
  const allowed = valuesOf(now)
  if (!allowed) return []
  const earlier = valuesOf(was)
  if (!earlier) return ['any other value']
  return earlier.filter((value) => !allowed.includes(value)).map((value) => `the value ${JSON.stringify(value)}`)
}

function tightened(place: string, was: Schema, now: Schema): string[] {
  const differs = (keyword: string, isTighter: (before: number, after: number) => boolean) => {
    const [before, after] = [was[keyword], now[keyword]]
    return typeof after === 'number' && (typeof before !== 'number' || isTighter(before, after))
  }
  const tighter = [
    ...LEAST.filter((keyword) => differs(keyword, (before, after) => after > before)),
    ...MOST.filter((keyword) => differs(keyword, (before, after) => after < before)),
    ...EXACT.filter((keyword) => now[keyword] !== undefined && now[keyword] !== was[keyword]),
  ]
  const closed = now.additionalProperties === false && was.additionalProperties !== false
  return [...tighter, ...(closed ? ['additionalProperties'] : [])].map(
    (keyword) =>
      `${place}: ${keyword} is now ${JSON.stringify(now[keyword])}, and was ${JSON.stringify(was[keyword]) ?? 'not limited'}`,
  )
}

/** Compares what both schemas contain. A property or an item that is gone is a change in itself. */
function propertiesOf(
  was: Schema,
  now: Schema,
  place: string,
  compare: (place: string, earlier: Schema, later: Schema) => string[],
): string[] {
  const [values, later] = [mapOf(was), mapOf(now)]
  return [
    ...Object.entries(was.properties ?? {}).flatMap(([name, schema]) => {
      const same = now.properties?.[name]
      return same ? compare(`${place}.${name}`, schema, same) : [`${place}: the property "${name}" was removed`]
    }),
    ...(was.items ? compare(`${place}[]`, was.items, now.items ?? {}) : []),
    ...(values ? compare(`${place}.*`, values, later ?? {}) : []),
  ]
}

/** Returns the schema of the values of a map. */
function mapOf({ additionalProperties, patternProperties }: Schema): Schema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : Object.values(patternProperties ?? {})[0]
}
