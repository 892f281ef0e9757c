/** Schemas for the documentation only: for routes that validate in their own words and serialise as they are. */
import type { FastifySchema, RouteShorthandOptions } from 'fastify'

/**
 * Returns route options that put a schema into the OpenAPI document only: fastify does not validate or coerce with it,
 * and does not drop properties of an answer that it does not name.
 */
export function docsOnly(schema: FastifySchema): RouteShorthandOptions {
  return {
    schema,
    validatorCompiler: () => () => true,
    serializerCompiler: () => (answer) => JSON.stringify(answer),
  }
}
