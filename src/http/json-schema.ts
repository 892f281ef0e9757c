/**
 * Builds JSON schemas: the builders of typebox that we use, with its types and its results, which a test compares.
 * typebox itself is 370 modules, which a manager would load at each start for these twelve builders.
 *
 * The `title` of a schema is its name in the OpenAPI document (docs/components.ts). Objects and enumerations need one.
 */
import type { TSchema, TSchemaOptions, Type as Typebox } from 'typebox'

type Options = TSchemaOptions
type Plain = Record<string, unknown>
type Used = 'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'Object'
type Builders = Pick<typeof Typebox, Used | 'Optional' | 'Record' | 'String' | 'Union'>

/** Schemas of optional properties. */
const optional = new WeakSet<Plain>()

const simple = (type: string) => (options?: Options) => ({ type, ...options })

const builders = {
  Array: (items: Plain, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: simple('boolean'),
  Enum: (values: readonly string[], options?: Options) => ({ enum: values, ...options }),
  Integer: simple('integer'),
  Literal: (value: string | number | boolean, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Null: simple('null'),
  Number: simple('number'),
  Object(properties: Record<string, Plain>, options?: Options) {
    const required = Object.keys(properties).filter((name) => !optional.has(properties[name] ?? {}))
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options }
  },
  Optional(schema: Plain) {
    const own = { ...schema }
    optional.add(own)
    return own
  },
  /** Names of any kind. */
  Record: (_names: Plain, values: Plain, options?: Options) => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    ...options,
  }),
  String: simple('string'),
  Union: (anyOf: readonly Plain[], options?: Options) => ({ anyOf, ...options }),
}

export const Type = builders as unknown as Builders

/** The schema, or null. */
export const Nullable = <T extends TSchema>(schema: T, options?: Options) => Type.Union([schema, Type.Null()], options)
export const NullableText = (options?: Options) => Nullable(Type.String(), options)

/** Parameters of a path that ends in a name. */
export const Named = Type.Object({ name: Type.String() })
