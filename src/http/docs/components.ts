/**
 * Names the schemas of the OpenAPI document. The routes use each schema as it is, so that fastify validates and
 * serialises without references; in the document, a schema with a `title` is one component of that name.
 */
export type Schema = Readonly<Record<string, unknown>>

export interface Components {
  /** By name, in alphabetical order. */
  all(): Readonly<Record<string, Schema>>
  /** Returns the schema with a reference in place of each part that has a title, itself included. */
  refer(schema: Schema): Schema
}

export function createComponents(): Components {
  const named = new Map<string, Schema>()

  /** Returns the schema with references in the places where the builders of json-schema.ts nest schemas. */
  function referInside(schema: Schema): Schema {
    const { properties, patternProperties, items, anyOf, ...rest } = schema
    const values = Object.values(Object(patternProperties)) as Schema[]
    return {
      ...(isText(schema['enum']) && { type: 'string' }),
      ...rest,
      ...(isSchema(properties) && { properties: mapValues(properties, refer) }),
      // Client generators understand this form of a map.
      ...(values[0] && { additionalProperties: refer(values[0]) }),
      ...(isSchema(items) && { items: refer(items) }),
      ...(Array.isArray(anyOf) && { anyOf: anyOf.map((each: Schema) => refer(each)) }),
    }
  }

  /** Keeps the default, and a description that differs from the component's, beside the reference. */
  function refer(schema: Schema): Schema {
    const { title, default: standard, ...whole } = schema
    if (typeof title !== 'string') return referInside(schema)
    const { description, ...shape } = referInside(whole)
    const known = named.get(title)
    if (known) requireEqual(title, known, shape)
    else named.set(title, { ...shape, ...(description !== undefined && { description }) })
    return {
      $ref: `#/components/schemas/${title}`,
      ...(standard !== undefined && { default: standard }),
      ...(description !== named.get(title)?.['description'] && description !== undefined && { description }),
    }
  }

  return {
    all: () => Object.fromEntries([...named].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    refer,
  }
}

function requireEqual(title: string, known: Schema, shape: Schema): void {
  const { description: _, ...knownShape } = known
  if (JSON.stringify(knownShape) === JSON.stringify(shape)) return
  throw new Error(`two schemas have the title "${title}": give one of them another, or use the same schema twice`)
}

function isText(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}

function mapValues(schemas: Schema, convert: (schema: Schema) => Schema): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, convert(schema as Schema)]))
}
