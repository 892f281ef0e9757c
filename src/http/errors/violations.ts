/**
 * Reports every violation of a request at once: those of its schemas in the path, the body, the query and the headers,
 * and those of the rules of its route.
 */
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import { type BerthError, hasCode, invalidRequest, type Violation } from '../../domain/errors.ts'
import { firstOfEachPath, isInfinite, type SchemaError, stepsOf, TOO_LARGE, violationsOf } from './schema-errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Returns the violations of the rules of this route. Called only for requests that are refused anyway. Values that
     * the schemas refuse are undefined in the request.
     */
    rules?: (request: FastifyRequest) => readonly Violation[] | Promise<readonly Violation[]>
  }
}

const PARTS = { params: 'path', body: 'body', querystring: 'query', headers: 'headers' } as const

/** Adds the check of all parts of a request. Call it before the routes are registered. */
export function collectViolations(server: FastifyInstance): void {
  // Fastify alone stops at the first part that violates its schema.
  server.addHook('onRoute', (route) => {
    route.attachValidation = true
  })
  server.addHook('preHandler', (request, _reply, done) => {
    if (request.validationError !== undefined || hasInfinite(request.query))
      throw invalidRequest(takeViolations(request))
    done()
  })
}

/** Adds the violations of the rules of the route to an error that lists violations; returns any other as it is. */
export async function withAllViolations(error: BerthError, request: FastifyRequest): Promise<BerthError> {
  const { rules } = request.routeOptions.config
  if (rules === undefined || error.violations.length === 0) return error
  request.body ??= {}
  return invalidRequest(firstOfEachPath([...error.violations, ...(await tryRules(rules, request))]))
}

/** Returns no violations if the rules cannot be checked now: the request is refused for the known ones. */
async function tryRules(
  rules: NonNullable<FastifyContextConfig['rules']>,
  request: FastifyRequest,
): Promise<readonly Violation[]> {
  try {
    return await rules(request)
  } catch {
    return []
  }
}

/** Returns the violations with which `read` refuses a request; none if it succeeds. */
export async function violationsFrom(read: () => unknown): Promise<readonly Violation[]> {
  try {
    await read()
    return []
  } catch (error) {
    if (hasCode(error, 'invalid_request')) return error.violations
    throw error
  }
}

/** Returns the violations of all parts, and removes the refused values from the request, for the rules. */
function takeViolations(request: FastifyRequest): Violation[] {
  const found: Violation[] = []
  for (const part of ['params', 'body', 'querystring', 'headers'] as const) {
    const field = part === 'querystring' ? 'query' : part
    const validate = request.getValidationFunction(part) as Validate | undefined
    const value: unknown = request[field] ?? null
    if (validate === undefined || validate(value)) continue
    const errors = validate.errors ?? []
    found.push(...violationsOf(errors, PARTS[part]))
    for (const error of errors) remove(request, [field, ...stepsOf(error)])
  }
  return [...found, ...takeInfinite(request.query)]
}

interface Validate {
  (value: unknown): boolean
  readonly errors?: readonly SchemaError[] | null
}

/**
 * Sets a property to undefined, so that rules can still see that it was sent. An entry of a list becomes a hole, so
 * that the others keep their positions.
 */
function remove(root: object, steps: readonly string[]): void {
  const last = steps.at(-1) ?? ''
  const holder = steps.slice(0, -1).reduce<unknown>((value, step) => Object(value)[step], root)
  if (typeof holder !== 'object' || holder === null) return
  if (holder === root) Reflect.set(root, last, {})
  else if (Array.isArray(holder)) Reflect.deleteProperty(holder, last)
  else Reflect.set(holder, last, undefined)
}

/** Removes infinite numbers from a query, and returns their violations. */
function takeInfinite(query: unknown): Violation[] {
  const infinite = Object.keys(Object(query)).filter((name) => isInfinite(Object(query)[name]))
  for (const name of infinite) Reflect.set(Object(query), name, undefined)
  return infinite.map((path) => ({ path, message: TOO_LARGE }))
}

/** Returns early and allocates little, because it runs for every request. */
function hasInfinite(query: unknown): boolean {
  for (const value of Object.values(Object(query))) if (isInfinite(value)) return true
  return false
}
