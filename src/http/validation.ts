/** How requests are held against their schemas. */
import { AjvCompiler, type BuildCompilerFromPool } from '@fastify/ajv-compiler'
import { invalidRequest } from '../core/errors.ts'

// What a client has misspelt is told, not dropped, and all of it at once. The schemas are ours, and tested: to hold them, too,
// against the schema of schemas took 50 ms of a start.
const STRICT = { removeAdditional: false, allErrors: true, coerceTypes: false, validateSchema: false } as const

/**
 * What stands in a URL or in a header is text, and "5" is meant as a number there. A body says what it means: by the same
 * rules null would become 0, and false a password.
 */
const buildValidator: BuildCompilerFromPool = (schemas) => {
  const build = AjvCompiler()
  const inText = build(schemas, { customOptions: { ...STRICT, coerceTypes: true } })
  const inBody = build(schemas, { customOptions: STRICT })
  return (route, ...rest) => (Object(route)['httpPart'] === 'body' ? inBody : inText)(route, ...rest)
}

/** Options of a fastify server. */
export const VALIDATION = { schemaController: { compilersFactory: { buildValidator } } }

/** For what has been validated already: "1e400" in a URL is Infinity, for which the bounds of a schema do not hold. */
export function refuseInfinite(query: unknown): void {
  if (!hasInfinite(query)) return
  const infinite = Object.entries(Object(query)).filter(([, value]) => value === Infinity || value === -Infinity)
  if (infinite.length > 0) throw invalidRequest(infinite.map(([path]) => ({ path, message: 'is too large a number' })))
}

/** Asked of every request, and hardly ever so. */
function hasInfinite(query: unknown): boolean {
  for (const value of Object.values(Object(query))) if (value === Infinity || value === -Infinity) return true
  return false
}
