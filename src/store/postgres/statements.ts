/** Prepared statements. Most statements are run again and again, and parsing and planning takes longer than running. */
import type { CompiledQuery } from 'kysely'
import type pg from 'pg'

/** Maximum number of statements to prepare per connection: each length of a list is another statement. */
const MAX_STATEMENTS = 300

export class Statements {
  readonly #prepares: boolean
  readonly #names = new Map<string, string>()
  /** Part of each name: a name belongs to one statement on every connection. */
  #generation = 1

  constructor(prepares: boolean) {
    this.#prepares = prepares
  }

  /** Returns the driver's form of the query. The driver prepares a named statement on its first use. */
  configOf({ sql, parameters }: CompiledQuery): pg.QueryConfig {
    const name = this.#prepares ? this.#nameOf(sql) : undefined
    return { text: sql, values: [...parameters], ...(name !== undefined && { name }) }
  }

  /** Prepares all statements again, on every connection: a table has changed since. */
  renew(): void {
    this.#names.clear()
    this.#generation += 1
  }

  #nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql)
    if (known !== undefined || this.#names.size >= MAX_STATEMENTS) return known
    const name = `berth_${this.#generation}_${this.#names.size + 1}`
    this.#names.set(sql, name)
    return name
  }
}
