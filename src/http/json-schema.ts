/**
 * What writes our schemas down: typebox's builders, by its types and with its result, which a test holds against it. typebox
 * itself is 370 modules; a manager would load them at each start, and keep them, for these twelve.
 */
import type { Type as Typebox } from 'typebox'

type Options = object
type Plain = Record<string, unknown>
type Used = 'Array' | 'Boolean' | 'Enum' | 'Integer' | 'Literal' | 'Null' | 'Number' | 'Object'
type Builders = Pick<typeof Typebox, Used | 'Optional' | 'Record' | 'String' | 'Union'>

/** Those that an object need not have. */
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
  /** By names of any kind. */
  Record: (_names: Plain, values: Plain, options?: Options) => ({
    ...{ type: 'object', patternProperties: { '^.*$': values } },
    ...options,
  }),
  String: simple('string'),
  Union: (anyOf: readonly Plain[], options?: Options) => ({ anyOf, ...options }),
}

export const Type = builders as unknown as Builders
