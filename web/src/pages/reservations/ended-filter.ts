export interface EndedFilter {
  readonly owner?: string
  readonly username?: string
  readonly pool?: string
}

/** Returns what the manager filters ended reservations by: columns of the table with exactly one wanted value. */
export function endedFilter(filters: Readonly<Record<string, readonly string[]>>): EndedFilter {
  const one = (key: keyof EndedFilter) => {
    const [value, ...others] = filters[key] ?? []
    return value !== undefined && others.length === 0 ? { [key]: value } : {}
  }
  return { ...one('owner'), ...one('username'), ...one('pool') }
}
