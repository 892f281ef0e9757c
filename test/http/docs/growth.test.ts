/** The API only grows: clients of the latest release keep working. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { type Api, breakingChanges } from './growth.ts'
import type { Schema } from './schema-growth.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Api

describe('openapi.json', () => {
  it('has everything that the latest release has', () => {
    const released = read('../../fixtures/released-openapi.json')
    assert.ok(Object.keys(released.paths).length > 20)
    assert.deepEqual(breakingChanges(released, read('../../../openapi.json')), [])
  })
})

const text = { type: 'string' }
const object = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})

function api(request: Schema, answer: Schema, components: Record<string, Schema> = {}): Api {
  const operation = {
    parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum: 500 } }],
    requestBody: { required: true, content: { 'application/json': { schema: request } } },
    responses: { 200: { content: { 'application/json': { schema: answer } } }, default: {} },
  }
  return { paths: { '/v1/boxes': { post: operation } }, components: { schemas: components } }
}

/** A change of a schema, and the sentence about it, or null if it breaks no client. */
type Case = readonly [name: string, was: Schema, now: Schema, sentence: string | null]

const REQUESTS: readonly Case[] = [
  ['a new property', object({}), object({ a: text }), null],
  ['a new property that is required', object({}), object({ a: text }, ['a']), 'the property "a" is now required'],
  ['a removed property', object({ a: text }), object({}), 'the property "a" was removed'],
  ['another type', object({ a: text }), object({ a: { type: 'integer' } }), '.a: string is not allowed any more'],
  ['a number for an integer', { type: 'integer' }, { type: 'number' }, null],
  ['an integer for a number', { type: 'number' }, { type: 'integer' }, 'number is not allowed any more'],
  ['null besides', text, { anyOf: [text, { type: 'null' }] }, null],
  ['null no more', { anyOf: [text, { type: 'null' }] }, text, 'null is not allowed any more'],
  ['a new value', { enum: ['a'] }, { type: 'string', enum: ['a', 'b'] }, null],
  ['a removed value', { enum: ['a', 'b'] }, { enum: ['a'] }, 'the value "b" is not allowed any more'],
  ['values for any text', text, { enum: ['a'] }, 'any other value is not allowed any more'],
  ['any text for values', { enum: ['a'] }, text, null],
  ['a lower maximum', { type: 'integer', maximum: 5 }, { type: 'integer', maximum: 4 }, 'maximum is now 4, and was 5'],
  ['a higher maximum', { type: 'integer', maximum: 5 }, { type: 'integer', maximum: 6 }, null],
  ['a new minimum', { type: 'integer' }, { type: 'integer', minimum: 1 }, 'minimum is now 1, and was not limited'],
  ['a new pattern', text, { ...text, pattern: '^a' }, 'pattern is now "^a", and was not limited'],
  [
    'unknown properties refused',
    { type: 'object' },
    object({}),
    'additionalProperties is now false, and was not limited',
  ],
  [
    'items of another type',
    { type: 'array', items: text },
    { type: 'array', items: { type: 'integer' } },
    '[]: string is not allowed any more',
  ],
]

const ANSWERS: readonly Case[] = [
  ['a new property', object({}), object({ a: text }), null],
  ['a removed property', object({ a: text }), object({}), 'the property "a" was removed'],
  [
    'a property that may be missing',
    object({ a: text }, ['a']),
    object({ a: text }),
    'the property "a" may now be missing',
  ],
  ['another type', object({ a: text }), object({ a: { type: 'boolean' } }), '.a: may now be boolean'],
  ['null besides', text, { anyOf: [text, { type: 'null' }] }, 'may now be null'],
  ['null no more', { anyOf: [text, { type: 'null' }] }, text, null],
  ['a new value', { enum: ['a'] }, { enum: ['a', 'b'] }, null],
  ['any text for one value', { const: 'a', type: 'string' }, text, null],
  ['an integer for a number', { type: 'number' }, { type: 'integer' }, null],
  ['a number for an integer', { type: 'integer' }, { type: 'number' }, 'may now be number'],
  [
    'values of a map of another type',
    { type: 'object', patternProperties: { '^.*$': { type: 'integer' } } },
    { type: 'object', additionalProperties: text },
    '.*: may now be string',
  ],
]

describe('what breaks a client', () => {
  for (const [name, was, now, sentence] of REQUESTS) {
    it(`in a request: ${name}${sentence === null ? ' does not' : ''}`, () => {
      const found = breakingChanges(api(was, text), api(now, text))
      assert.deepEqual(found, sentence === null ? [] : [`POST /v1/boxes, body${separated(sentence)}`])
    })
  }

  for (const [name, was, now, sentence] of ANSWERS) {
    it(`in an answer: ${name}${sentence === null ? ' does not' : ''}`, () => {
      const found = breakingChanges(api({}, was), api({}, now))
      assert.deepEqual(found, sentence === null ? [] : [`POST /v1/boxes, 200${separated(sentence)}`])
    })
  }

  it('is found in components, and naming a schema is no change', () => {
    const named = api({}, { $ref: '#/components/schemas/Box' }, { Box: object({ a: text }) })
    assert.deepEqual(breakingChanges(api({}, object({ a: text })), named), [])
    const without = api({}, { $ref: '#/components/schemas/Box' }, { Box: object({}) })
    assert.deepEqual(breakingChanges(named, without), ['POST /v1/boxes, 200: the property "a" was removed'])
  })

  it('is what disappears around schemas', () => {
    const before = api({}, text)
    const { post } = before.paths['/v1/boxes'] ?? {}
    assert.ok(post?.requestBody?.content && post.responses && post.parameters)
    const { default: _, ...responses } = post.responses
    const [limit] = post.parameters
    assert.ok(limit)
    const changes: readonly [now: object, sentence: string][] = [
      [{ get: post }, 'POST /v1/boxes: the operation was removed'],
      [{ post: { ...post, responses } }, 'POST /v1/boxes: the response default was removed'],
      [
        { post: { ...post, responses: { ...post.responses, 200: { content: {} } } } },
        'POST /v1/boxes, 200: the type application/json was removed',
      ],
      [{ post: { ...post, parameters: [] } }, 'POST /v1/boxes: the parameter "limit" was removed'],
      [
        { post: { ...post, parameters: [{ ...limit, required: true }] } },
        'POST /v1/boxes: the parameter "limit" is now required',
      ],
      [
        { post: { ...post, parameters: [limit, { ...limit, name: 'page', required: true }] } },
        'POST /v1/boxes: the new parameter "page" is required',
      ],
      [
        { post: { ...post, parameters: [{ ...limit, schema: { type: 'integer', maximum: 50 } }] } },
        'POST /v1/boxes, parameter "limit": maximum is now 50, and was 500',
      ],
    ]
    for (const [now, sentence] of changes) {
      assert.deepEqual(breakingChanges(before, { paths: { '/v1/boxes': now as Api['paths'][string] } }), [sentence])
    }
    const optional = {
      paths: { '/v1/boxes': { post: { ...post, requestBody: { content: post.requestBody.content } } } },
    }
    assert.deepEqual(breakingChanges(before, optional), [])
    assert.deepEqual(breakingChanges(optional, before), ['POST /v1/boxes, body: a body is now required'])
  })
})

/** Returns the sentence as it follows the place of the schema. It may begin with a path inside, as in ".a: …". */
function separated(sentence: string): string {
  return /^[.[]/.test(sentence) ? sentence : `: ${sentence}`
}
