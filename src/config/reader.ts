/** Reads a tree of settings: the environment overrides each key, and every problem is collected with its path. */
import type { Violation } from '../domain/errors.ts'
import { mostSimilar } from '../domain/text/similar.ts'
import { InvalidValue, type Parser } from './values.ts'

export type Environment = Readonly<Record<string, string | undefined>>
/** A map of berth.yml, as YAML parsed it. */
export type Raw = Readonly<Record<string, unknown>>

/** Variables of Berth that override no key of berth.yml. */
const OTHER_VARIABLES = new Set(['BERTH_CONFIG', 'BERTH_BASE', 'BERTH_URL', 'BERTH_TOKEN'])

export interface Field<T> {
  readonly parse: Parser<T>
  /** As it would be written in berth.yml. Fields without the property are required. */
  readonly default?: unknown
  /** No environment variable overrides it. */
  readonly fileOnly?: true
}

type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

/** Parsed fields: `some` has the valid ones; `all` is null when one is invalid. */
export interface Readings<F> {
  readonly some: { readonly [K in keyof F]: Values<F>[K] | undefined }
  readonly all: Values<F> | null
}

export class SettingsReader {
  readonly problems: Violation[] = []
  readonly #environment: Environment
  readonly #used = new Set<string>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Reads the map at this path, and reports unknown keys. `others` are keys that are read separately. */
  map<F extends Record<string, Field<unknown>>>(
    content: unknown,
    path: readonly string[],
    fields: F,
    others: readonly string[] = [],
  ): Readings<F> & { readonly raw: Raw } {
    const raw = this.section(content, path)
    const known = [...Object.keys(fields), ...others]
    for (const key of Object.keys(raw)) {
      if (!known.includes(key)) {
        this.report([...path, key], `unknown key; ${suggestion(key, known)}allowed: ${known.join(', ')}`)
      }
    }
    return { raw, ...this.fields(raw, path, fields) }
  }

  /** Returns the map at this path. Reports anything else, and returns an empty map. */
  section(content: unknown, path: readonly string[]): Raw {
    if (content === undefined || content === null) return {}
    // A list is no map, nor is one of YAML's sets, whose members would be ignored.
    if (Object.getPrototypeOf(content) === Object.prototype) return content as Raw
    this.report(path, 'must be a map of keys to values')
    return {}
  }

  fields<F extends Record<string, Field<unknown>>>(raw: Raw, path: readonly string[], fields: F): Readings<F> {
    const before = this.problems.length
    const some = Object.fromEntries(
      Object.entries(fields).map(([key, field]) => {
        const instead = field.fileOnly ? undefined : this.override([...path, key])
        const value = instead ?? raw[key] ?? field.default
        return [key, this.#parse(field, value, [...path, key])]
      }),
    ) as Readings<F>['some']
    return { some, all: this.problems.length === before ? (some as Values<F>) : null }
  }

  /** Returns the environment variable that overrides this path, or undefined. */
  override(path: readonly string[]): string | undefined {
    const name = variable(path)
    this.#used.add(name)
    return this.#environment[name]
  }

  /** Returns whether an environment variable overrides a key below this path. */
  overridesBelow(path: readonly string[]): boolean {
    return Object.keys(this.#environment).some((name) => name.startsWith(`${variable(path)}_`))
  }

  /** Adds a problem. An empty path means the whole file. */
  report(path: readonly string[], message: string): void {
    this.problems.push({ path: path.join('.'), message })
  }

  /** Reports variables that override nothing: they are typing mistakes, which would be ignored silently. */
  checkEnvironment(): void {
    for (const name of Object.keys(this.#environment)) {
      if (!name.startsWith('BERTH_') || OTHER_VARIABLES.has(name) || this.#used.has(name)) continue
      const meant = mostSimilar(name, [...this.#used, ...OTHER_VARIABLES])
      const hint = meant === null ? '' : `; did you mean ${meant}?`
      this.report([name], `overrides no key of berth.yml${hint}`)
    }
  }

  #parse(field: Field<unknown>, value: unknown, path: readonly string[]): unknown {
    if (value === undefined && 'default' in field) return undefined
    try {
      return field.parse(value)
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error
      this.report(path, error.message)
      return undefined
    }
  }
}

function suggestion(key: string, known: readonly string[]): string {
  const meant = mostSimilar(key, known)
  return meant === null ? '' : `did you mean "${meant}"? `
}

function variable(path: readonly string[]): string {
  return `BERTH_${path.join('_').replaceAll('-', '_').toUpperCase()}`
}
