/** Schemas that only tell: for routes that check what they are sent in their own words, and answer to the letter. */
import type { FastifySchema, RouteShorthandOptions } from 'fastify'

/**
 * Route options that put a schema into the OpenAPI document and nowhere else: fastify neither validates nor coerces with
 * it, and does not leave out of an answer what the schema does not name.
 */
export function documented(schema: FastifySchema): RouteShorthandOptions {
  return {
    schema,
    validatorCompiler: () => () => true,
    serializerCompiler: () => (answer) => JSON.stringify(answer),
  }
}
