/** Formats the result of a simulation as a table. */
import type { SimulationOptions } from './options.ts'
import type { SimulationResult } from './simulation.ts'

const MEGABYTE = 1_000_000
/** Maximum number of problems that are printed. */
const MOST_PROBLEMS = 20

export function report(
  { containers, pools, users, hours, managers, database }: SimulationOptions,
  { problems, reservations, times, answers, fillSeconds, seconds, databaseBytes, residentBytes }: SimulationResult,
): string {
  const kind = database === 'sqlite' ? 'SQLite' : 'PostgreSQL'
  const rows = Object.entries(times).map(([what, { count, p50, p99, max, cpuP50, cpuP99 }]) => {
    const durations = [p50, p99, max, cpuP50, cpuP99].map((ms) => ms.toFixed(2).padStart(10))
    return [what.padEnd(32), String(count).padStart(8), ...durations]
  })
  const columns = ['p50', 'p99', 'max', 'cpu p50', 'cpu p99'].map((column) => column.padStart(10))
  const header = ['milliseconds'.padEnd(32), 'count'.padStart(8), ...columns]
  const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MB`
  return [
    `${containers} containers in ${pools} pools, ${users} users, ${hours} h, ${managers} managers, ${kind}`,
    '',
    ...[header, ...rows].map((cells) => cells.join(' ')),
    '',
    `answers: ${Object.entries(answers)
      .map(([what, count]) => `${what}: ${count}`)
      .join(', ')}`,
    `database: ${megabytes(databaseBytes.before)} filled, ${megabytes(databaseBytes.after)} at the end`,
    `memory: ${megabytes(residentBytes)}, with users and engine`,
    `took ${seconds.toFixed(1)} s, and ${fillSeconds.toFixed(1)} s to fill; ${reservations} reservations`,
    problems.length === 0 ? 'no problem found' : `${problems.length} problems:`,
    ...problems.slice(0, MOST_PROBLEMS).map((problem) => `  ${problem}`),
    '',
  ].join('\n')
}
