/** Spreads the work of a manager during a minute over hours, so that pictures show a day of use. */
import { DatabaseSync } from 'node:sqlite'

/** Columns with times of the past, by table. Ends of open reservations stay as they are. */
const TIMES: Readonly<Record<string, readonly string[]>> = {
  events: ['at'],
  reservations: ['created_at', 'active_at', 'ended_at'],
}

/**
 * Moves each step into the past, so that steps begin `stepMs` after one another; the latest stays. `begins` has the
 * time at which each step began, oldest first. Call it while no manager uses the database.
 */
export function spreadHistory(database: string, begins: readonly number[], stepMs: number): void {
  const file = new DatabaseSync(database)
  for (const [nth, begin] of begins.entries()) {
    const from = nth === 0 ? 0 : begin
    const to = begins[nth + 1]
    // Oldest first: what was moved is earlier than all steps that follow.
    if (to === undefined) break
    const latest = begins.at(-1) ?? begin
    const by = (begins.length - 1 - nth) * stepMs - (latest - begin)
    for (const [table, columns] of Object.entries(TIMES)) {
      for (const column of columns) {
        const update = `update ${table} set ${column} = ${column} - ? where ${column} >= ? and ${column} < ?`
        file.prepare(update).run(by, from, to)
      }
    }
  }
  file.close()
}
