/**
 * Reports every fault of a request at once: what its schemas refuse, in the body, the query, the path and the headers,
 * and what the rules of its route refuse in the rest.
 */
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import { type BerthError, hasCode, invalidRequest, type Violation } from '../../domain/errors.ts'
import { type SchemaError, stepsOf, TOO_LARGE, violationsOf } from './wording.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Returns the violations of the rules of this route. Called only for a request that is refused anyway. What its
     * schemas refuse is undefined in the request, so any part may be.
     */
    rules?: (request: FastifyRequest) => readonly Violation[] | Promise<readonly Violation[]>
  }
}

const PARTS = { params: 'path', body: 'body', querystring: 'query', headers: 'headers' } as const

/** To be called before the routes are registered. */
export function collectFaults(server: FastifyInstance): void {
  // Fastify itself stops at the first part that is wrong.
  server.addHook('onRoute', (route) => {
    route.attachValidation = true
  })
  server.addHook('preHandler', (request, _reply, done) => {
    if (request.validationError !== undefined || hasInfinite(request.query)) throw invalidRequest(takeFaults(request))
    done()
  })
}

/** Returns the error with the violations of the rules, too, if it refuses an invalid request. */
export async function withAllFaults(error: BerthError, request: FastifyRequest): Promise<BerthError> {
  const { rules } = request.routeOptions.config
  if (rules === undefined || error.violations.length === 0) return error
  request.body ??= {}
  const all = [...error.violations, ...(await tryRules(rules, request))]
  return invalidRequest(all.filter(({ path }, nth) => all.findIndex((other) => other.path === path) === nth))
}

/** If the rules cannot be checked now, the request is refused for what is known. */
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

/** Returns the violations that reading causes; none if it succeeds. */
export async function violationsFrom(read: () => unknown): Promise<readonly Violation[]> {
  try {
    await read()
    return []
  } catch (error) {
    if (hasCode(error, 'invalid_request')) return error.violations
    throw error
  }
}

/** Returns the faults of all parts, and removes what is wrong from the request. */
function takeFaults(request: FastifyRequest): Violation[] {
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

/** The property stays, as undefined: rules may ask whether it was given. A list has a hole, which keeps positions. */
function remove(root: object, steps: readonly string[]): void {
  const last = steps.at(-1) ?? ''
  const holder = steps.slice(0, -1).reduce<unknown>((value, step) => Object(value)[step], root)
  if (typeof holder !== 'object' || holder === null) return
  if (holder === root) Reflect.set(root, last, {})
  else if (Array.isArray(holder)) Reflect.deleteProperty(holder, last)
  else Reflect.set(holder, last, undefined)
}

/** "1e400" in a URL is Infinity, which passes the bounds of a schema. */
function takeInfinite(query: unknown): Violation[] {
  const infinite = Object.keys(Object(query)).filter((name) => isInfinite(Object(query)[name]))
  for (const name of infinite) Reflect.set(Object(query), name, undefined)
  return infinite.map((path) => ({ path, message: TOO_LARGE }))
}

/** A cheap test, because it runs for every request. */
function hasInfinite(query: unknown): boolean {
  for (const value of Object.values(Object(query))) if (isInfinite(value)) return true
  return false
}

function isInfinite(value: unknown): boolean {
  return value === Infinity || value === -Infinity
}
