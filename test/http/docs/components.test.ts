/** Schemas with a title become components, and the rest of a schema stays what it is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createComponents } from '../../../src/http/docs/components.ts'
import { Nullable, Type } from '../../../src/http/json-schema.ts'

const Colour = Type.Enum(['red', 'blue'], { title: 'Colour', description: 'What it looks like' })
const asPlain = (schema: object) => ({ ...schema })

describe('the components of the document', () => {
  it('are the schemas with a title, wherever they are used', () => {
    const { refer, all } = createComponents()
    const box = Type.Object(
      { colour: Colour, inner: Nullable(Colour), all: Type.Array(Colour), counts: Type.Record(Type.String(), Colour) },
      { title: 'Box' },
    )
    assert.deepEqual(refer(asPlain(box)), { $ref: '#/components/schemas/Box' })
    const colour = { $ref: '#/components/schemas/Colour' }
    assert.deepEqual(all(), {
      Box: {
        type: 'object',
        required: ['colour', 'inner', 'all', 'counts'],
        properties: {
          colour,
          inner: { anyOf: [colour, { type: 'null' }] },
          all: { type: 'array', items: colour },
          counts: { type: 'object', additionalProperties: colour },
        },
      },
      Colour: { type: 'string', enum: ['red', 'blue'], description: 'What it looks like' },
    })
  })

  it('leave a default, and a description of its own, where a schema is used', () => {
    const { refer, all } = createComponents()
    refer(asPlain(Colour))
    const used = refer({ ...Colour, default: 'red', description: 'That of the door' })
    assert.deepEqual(used, { $ref: '#/components/schemas/Colour', default: 'red', description: 'That of the door' })
    assert.deepEqual(Object.keys(all()), ['Colour'])
  })

  it('have one meaning for each name', () => {
    const { refer } = createComponents()
    refer(asPlain(Colour))
    assert.throws(() => refer({ ...Colour, enum: ['red'] }), /^Error: two schemas have the title "Colour": /)
  })
})
