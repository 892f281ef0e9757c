/** Validates requests by their schemas. `violations.ts` reports what they refuse. */
import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'

// Misspelt properties are reported, not dropped, and all violations at once, with the value and the schema that refuses
// it. The schemas are ours and tested: validating them as well took 50 ms of a start.
const STRICT = {
  removeAdditional: false,
  allErrors: true,
  verbose: true,
  coerceTypes: false,
  validateSchema: false,
} as const

/**
 * URLs and headers are text, where "5" stands for a number. Values of a body are not converted: null would become 0,
 * and false a password.
 */
const buildValidator: BuildCompilerFromPool = (schemas) => {
  const build = AjvCompiler()
  const inText = build(schemas, { customOptions: { ...STRICT, coerceTypes: true } })
  const inBody = build(schemas, { customOptions: STRICT })
  return (route, ...rest) => (Object(route)['httpPart'] === 'body' ? inBody : inText)(route, ...rest)
}

/** Options of a fastify server. */
export const VALIDATION = { schemaController: { compilersFactory: { buildValidator } } }
