/** These builders return the same schemas as typebox, so that its types are correct for them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Type as Typebox } from 'typebox'
import { Type } from '../../src/http/json-schema.ts'

const ABOUT = { description: 'what it is' }

/** Each builder, with and without options, and within one another. */
const SCHEMAS: Readonly<Record<string, (build: typeof Type) => object>> = {
  string: (build) => build.String(),
  'string with options': (build) => build.String({ maxLength: 5, ...ABOUT }),
  integer: (build) => build.Integer({ minimum: 1 }),
  number: (build) => build.Number(ABOUT),
  boolean: (build) => build.Boolean(ABOUT),
  null: (build) => build.Null(ABOUT),
  'literal text': (build) => build.Literal('ok', ABOUT),
  'literal number': (build) => build.Literal(1),
  'literal boolean': (build) => build.Literal(true),
  enum: (build) => build.Enum(['a', 'b'], ABOUT),
  array: (build) => build.Array(build.Array(build.String()), { maxItems: 1 }),
  union: (build) => build.Union([build.String(), build.Null()], ABOUT),
  record: (build) => build.Record(build.String(), build.Integer(), ABOUT),
  'empty object': (build) => build.Object({}),
  'object of which nothing is required': (build) => build.Object({ a: build.Optional(build.String(ABOUT)) }),
  'object of which something is required': (build) =>
    build.Object(
      { a: build.Optional(build.Array(build.String())), b: build.Null(), c: build.Object({ d: build.Number() }) },
      { additionalProperties: false, ...ABOUT },
    ),
  'object in which one schema is required here and not there': (build) => {
    const name = build.String()
    return build.Object({ a: name, b: build.Optional(name), c: name })
  },
}

for (const [name, schema] of Object.entries(SCHEMAS)) {
  it(name, () => {
    assert.deepEqual(JSON.parse(JSON.stringify(schema(Type))), JSON.parse(JSON.stringify(schema(Typebox))))
  })
}

it('every builder was tested', () => {
  const tried = new Set<string>()
  const noting = new Proxy(Type, {
    get(target, name: keyof typeof Type) {
      tried.add(name)
      return target[name]
    },
  })
  for (const schema of Object.values(SCHEMAS)) schema(noting)
  assert.deepEqual([...tried].sort(), Object.keys(Type).sort())
})
