/** Filters and order of a table. They are in the URL, so that a link shows the same rows. */

export interface Order {
  readonly key: string
  readonly descending: boolean
}

export interface TableState {
  /** Words of the filter box; a row must have all of them. */
  readonly words: string
  /** Wanted values by column. A row must have one of the values of each column. */
  readonly filters: Readonly<Record<string, readonly string[]>>
  readonly order: Order | null
}

/** Parameter of the filter box. */
const WORDS = 'q'
/** "sort=since" or "sort=-since", the latter from large to small. */
const SORT = 'sort'

interface Keyed {
  readonly key: string
  /** `page`: the parameter of this name is not the table's. */
  readonly filter?: true | 'page'
}

/** Returns the state that a URL asks for. Columns that do not exist are ignored, as in a link of another version. */
export function readTableState(params: URLSearchParams, columns: readonly Keyed[]): TableState {
  const filters: Record<string, readonly string[]> = {}
  for (const { key } of filteredByTable(columns)) {
    const values = params.get(key)?.split(',').filter(Boolean) ?? []
    if (values.length > 0) filters[key] = values
  }
  return { words: params.get(WORDS) ?? '', filters, order: readOrder(params.get(SORT) ?? '', columns) }
}

function filteredByTable(columns: readonly Keyed[]): readonly Keyed[] {
  return columns.filter(({ filter }) => filter !== 'page')
}

function readOrder(text: string, columns: readonly Keyed[]): Order | null {
  const descending = text.startsWith('-')
  const key = descending ? text.slice(1) : text
  return columns.some((column) => column.key === key) ? { key, descending } : null
}

/** Returns the parameters with this state. Other parameters, such as a range of time, stay as they are. */
export function writeTableState(
  params: URLSearchParams,
  { words, filters, order }: TableState,
  columns: readonly Keyed[],
): URLSearchParams {
  const next = new URLSearchParams(params)
  const set = (key: string, value: string) => (value === '' ? next.delete(key) : next.set(key, value))
  set(WORDS, words)
  for (const { key } of filteredByTable(columns)) set(key, filters[key]?.join(',') ?? '')
  set(SORT, order === null ? '' : `${order.descending ? '-' : ''}${order.key}`)
  return next
}

/** Returns the order after a click on a column: ascending, descending, none. */
export function nextOrder(order: Order | null, key: string): Order | null {
  if (order?.key !== key) return { key, descending: false }
  return order.descending ? null : { key, descending: true }
}

/** Returns the filters with one value of a column, or without that column if `value` is empty. */
export function withFilter(state: TableState, key: string, value: string): TableState {
  const { [key]: _, ...rest } = state.filters
  return { ...state, filters: value === '' ? rest : { ...rest, [key]: [value] } }
}

export function isFiltered({ words, filters }: TableState): boolean {
  return words.trim() !== '' || Object.keys(filters).length > 0
}
