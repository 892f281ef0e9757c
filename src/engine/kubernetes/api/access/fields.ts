/** Reads the fields of a YAML document, and reports each one that is not what it must be. Never shows a value. */
import type { Violation } from '../../../../domain/errors.ts'

export class Fields {
  readonly path: string
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #problems: Violation[]

  /** `value` is a mapping; null or anything else is reported. Problems are added to the list. */
  constructor(value: unknown, path: string, problems: Violation[]) {
    this.path = path
    this.#problems = problems
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
    this.#fields = isMapping ? (value as Record<string, unknown>) : {}
    if (!isMapping) this.problem('', 'must be a mapping')
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null
  }

  /** Returns null if it is missing or empty. */
  text(name: string): string | null {
    const value = this.#fields[name] ?? ''
    if (typeof value === 'string') return value === '' ? null : value
    this.problem(name, 'must be text')
    return null
  }

  flag(name: string): boolean {
    const value = this.#fields[name] ?? false
    if (typeof value !== 'boolean') this.problem(name, 'must be true or false')
    return value === true
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name] ?? []
    if (Array.isArray(value)) return value
    this.problem(name, 'must be a list')
    return []
  }

  inner(name: string): Fields {
    return new Fields(this.#fields[name], this.#at(name), this.#problems)
  }

  /** Returns the entry of a list whose `name` is this; reports it if there is none. */
  named(list: string, name: string): Fields | null {
    const index = this.list(list).findIndex((entry) => new Fields(entry, '', []).text('name') === name)
    if (index >= 0) return new Fields(this.list(list)[index], `${this.#at(list)}[${index}]`, this.#problems)
    const known = this.list(list).map((entry) => new Fields(entry, '', []).text('name') ?? '?')
    const has = known.length > 0 ? `has ${known.map((each) => JSON.stringify(each)).join(', ')}` : 'is empty'
    this.problem(list, `has no entry named ${JSON.stringify(name)}; it ${has}`)
    return null
  }

  problem(name: string, message: string): void {
    this.#problems.push({ path: name === '' ? this.path : this.#at(name), message })
  }

  #at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`
  }
}
