/**
 * Columns derived from the fields of a type of the domain: `createdAt` is the column `created_at`. Numbers, text and
 * null are stored as they are; how any other field is stored must be named, which the type system checks.
 */
type Plain = string | number | null

type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S

type Stored<V> = V extends boolean ? number : V extends Plain ? V : string

/** The row of a table that holds a `T`. Lists and objects are JSON text, booleans 0 or 1. */
export type RowOf<T> = { -readonly [K in keyof T & string as SnakeCase<K>]: Stored<T[K]> }

type Encodings<T> = {
  readonly [K in keyof T as T[K] extends Plain ? never : K]: T[K] extends boolean ? 'flag' : 'json'
}

export interface Columns<T> {
  /** Columns of the table beyond those of `T` are left out. */
  fromRow(row: RowOf<T>): T
  toRow(value: T): RowOf<T>
  /** Returns the columns of the fields that the value has. */
  toPatch(value: Partial<T>): Partial<RowOf<T>>
}

export function columnsOf<T extends object>(encodings: Encodings<T>, others: readonly string[] = []): Columns<T> {
  const encodingOf = new Map(Object.entries(encodings))
  const fields = new Map<string, string | null>(others.map((column) => [column, null]))

  /** null for a column that `T` does not have. */
  function fieldOf(column: string): string | null {
    const known = fields.get(column)
    if (known !== undefined) return known
    const field = column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    fields.set(column, field)
    return field
  }

  function decoded(field: string, value: unknown): unknown {
    const encoding = encodingOf.get(field)
    if (encoding === undefined) return value
    return encoding === 'flag' ? value === 1 : JSON.parse(String(value))
  }

  function encoded(field: string, value: unknown): unknown {
    const encoding = encodingOf.get(field)
    if (encoding === undefined) return value
    return encoding === 'flag' ? Number(value) : JSON.stringify(value)
  }

  function toColumns(value: object): object {
    const present = Object.entries(value).filter(([, each]) => each !== undefined)
    return Object.fromEntries(present.map(([field, each]) => [columnOf(field), encoded(field, each)]))
  }

  return {
    fromRow(row) {
      const entries: [string, unknown][] = []
      for (const [column, value] of Object.entries(row)) {
        const field = fieldOf(column)
        if (field !== null) entries.push([field, decoded(field, value)])
      }
      return Object.fromEntries(entries) as T
    },
    toRow: (value) => toColumns(value) as RowOf<T>,
    toPatch: (value) => toColumns(value),
  }
}

function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
