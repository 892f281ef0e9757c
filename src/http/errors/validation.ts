/** Validates requests by their schemas. */
import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { invalidRequest } from '../../domain/errors.ts'

// Misspelt properties are reported, not dropped, and all violations at once. The schemas are ours and tested:
// validating them as well took 50 ms of a start.
const STRICT = { removeAdditional: false, allErrors: true, coerceTypes: false, validateSchema: false } as const

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

/** Refuses infinite numbers after validation: "1e400" in a URL is Infinity, which passes the bounds of a schema. */
export function refuseInfinite(query: unknown): void {
  if (!hasInfinite(query)) return
  const infinite = Object.entries(Object(query)).filter(([, value]) => value === Infinity || value === -Infinity)
  if (infinite.length > 0) throw invalidRequest(infinite.map(([path]) => ({ path, message: 'is too large a number' })))
}

/** A cheap test, because it runs for every request. */
function hasInfinite(query: unknown): boolean {
  for (const value of Object.values(Object(query))) if (value === Infinity || value === -Infinity) return true
  return false
}
