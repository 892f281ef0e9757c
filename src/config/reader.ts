/** Walks a tree of settings key by key, lets the environment override each, and collects every problem with its path. */
import { type Parser, Problem } from './values.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Not settings of berth.yml, but ours. */
const OTHER_VARIABLES = new Set(['BERTH_CONFIG', 'BERTH_BASE', 'BERTH_URL', 'BERTH_TOKEN'])

export interface Field<T> {
  readonly parse: Parser<T>
  /** In the spelling of berth.yml; undefined when it must be given. */
  readonly default?: unknown
}

type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** What fields say: those that are right, and all of them unless one is wrong. */
export interface Readings<F> {
  readonly some: { readonly [K in keyof F]: Values<F>[K] | undefined }
  readonly all: Values<F> | null
}

export class SettingsReader {
  readonly problems: string[] = []
  readonly #environment: Environment
  readonly #used = new Set<string>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The map at this path; anything else there is a problem, and counts as an empty one. */
  section(raw: unknown, path: readonly string[]): Readonly<Record<string, unknown>> {
    if (raw === undefined || raw === null) return {}
    // Not a list, nor one of YAML's sets, whose members would go unread.
    if (Object.getPrototypeOf(raw) === Object.prototype) return raw as Record<string, unknown>
    this.report(path, 'must be a map of keys to values')
    return {}
  }

  fields<F extends Record<string, Field<unknown>>>(
    raw: Readonly<Record<string, unknown>>,
    path: readonly string[],
    fields: F,
  ): Readings<F> {
    const before = this.problems.length
    const some = Object.fromEntries(
      Object.entries(fields).map(([key, field]) => {
        const value = this.override([...path, key]) ?? raw[key] ?? field.default
        return [key, this.#parse(field, value, [...path, key])]
      }),
    ) as Readings<F>['some']
    return { some, all: this.problems.length === before ? (some as Values<F>) : null }
  }

  /** What the environment says in place of the value at this path; undefined when it says nothing. */
  override(path: readonly string[]): string | undefined {
    const name = variable(path)
    this.#used.add(name)
    return this.#environment[name]
  }

  /** Whether the environment says anything about what is below this path. */
  overridesBelow(path: readonly string[]): boolean {
    return Object.keys(this.#environment).some((name) => name.startsWith(`${variable(path)}_`))
  }

  onlyKeys(raw: Readonly<Record<string, unknown>>, path: readonly string[], known: readonly string[]): void {
    for (const key of Object.keys(raw)) {
      if (!known.includes(key)) this.report([...path, key], `is not known; known here: ${known.join(', ')}`)
    }
  }

  report(path: readonly string[], problem: string): void {
    this.problems.push(path.length > 0 ? `${path.join('.')}: ${problem}` : problem)
  }

  /** A variable that overrides nothing is a typing mistake, and would be ignored in silence. */
  checkEnvironment(): void {
    for (const name of Object.keys(this.#environment)) {
      if (!name.startsWith('BERTH_') || OTHER_VARIABLES.has(name) || this.#used.has(name)) continue
      this.problems.push(`${name}: overrides no key of berth.yml`)
    }
  }

  #parse(field: Field<unknown>, value: unknown, path: readonly string[]): unknown {
    if (value === undefined && 'default' in field) return undefined
    try {
      return field.parse(value)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.report(path, error.message)
      return undefined
    }
  }
}

function variable(path: readonly string[]): string {
  return `BERTH_${path.join('_').replaceAll('-', '_').toUpperCase()}`
}
