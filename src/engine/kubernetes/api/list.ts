import type { Connection, Query } from './connection.ts'
import { hasStatus } from './errors.ts'
import type { Page } from './types.ts'

const PAGE_SIZE = 500
/** A list that expires this often, each time after minutes, meets its deadline first. */
const MAX_BEGINNINGS = 5

/**
 * Lists all objects of a path, as of one moment. Asks without `resourceVersion`, so the answer is the most recent
 * state and not that of a cache. When the rest of a list has expired (410), it begins again: the answer is never a
 * part of the list, nor one of several moments.
 */
export async function listAll<T>(
  connection: Connection,
  path: string,
  query: Query,
  signal: AbortSignal,
  pageSize = PAGE_SIZE,
): Promise<T[]> {
  for (let beginnings = 1; ; beginnings += 1) {
    try {
      return await readPages(connection, path, { ...query, limit: pageSize }, signal)
    } catch (error) {
      if (!hasStatus(error, 410) || beginnings === MAX_BEGINNINGS) throw error
    }
  }
}

async function readPages<T>(connection: Connection, path: string, query: Query, signal: AbortSignal): Promise<T[]> {
  const items: T[] = []
  for (let rest = ''; ; ) {
    const page: Page<T> = await connection.fetch('GET', path, {
      query: rest ? { ...query, continue: rest } : query,
      signal,
    })
    items.push(...page.items)
    rest = page.metadata.continue ?? ''
    if (rest === '') return items
  }
}
