/** How the API shows usage: as JSON and as CSV. */
import type { usageOf } from '../../domain/usage.ts'
import { writeCsv } from './csv.ts'

type UsageRow = ReturnType<typeof usageOf>[number]

const FIGURES = ['reservations', 'container_minutes', 'waits', 'wait_seconds'] as const

export function viewRow({ key, reservations, containerMinutes, waits, waitSeconds }: UsageRow) {
  return { key, reservations, container_minutes: containerMinutes, waits, wait_seconds: waitSeconds }
}

/** `by` is the title of the first column. */
export function usageCsv(by: string, rows: readonly UsageRow[]): string {
  const lines = rows.map((row) => [row.key, row.reservations, row.containerMinutes, row.waits, row.waitSeconds])
  return writeCsv([by, ...FIGURES], lines)
}
