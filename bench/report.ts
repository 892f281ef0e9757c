/** docs/performance.md, from what the benchmarks have measured. Pure. */
import { inWords, type Machine } from '../prove/machine.ts'

type Unit = 'ms' | 's' | '/s' | 'MB' | '% of a core' | ''

interface Quantity {
  readonly value: number
  readonly unit: Unit
}

export interface Figure extends Quantity {
  readonly what: string
  /** "median of 15", "p99 of 100" */
  readonly how: string
  /** What the machine takes for the same without Berth, or what else it is held against; measured in the same run. */
  readonly limit?: Quantity & { readonly what: string }
  readonly target?: Target
}

/** What is compared: the figure itself, or how many times its limit it is. */
interface Target {
  readonly of: 'figure' | 'limit'
  readonly is: 'under' | 'at most' | 'at least'
  readonly than: number
}

/** What could not be measured, and in which words that is said. */
interface Remark {
  readonly what: string
  readonly remark: string
}

export type Entry = Figure | Remark

export interface Measured {
  readonly group: string
  readonly entries: readonly Entry[]
  readonly at: Date
  readonly machine: Machine
  /** Load average of the minute before it began. */
  readonly load: number
  /** Median time to run `true` before the measurement, milliseconds: the speed of the machine at that time. */
  readonly processMs: number
  readonly seconds: number
}

export interface About {
  readonly name: string
  /** What happens in it, for readers of the report. */
  readonly about: string
}

export const NOT_YET = 'not measured yet'
export const FAILED = 'not measured: the last run failed'

/**
 * One section for each group, in the order of `groups`. What `before` says of groups that were not measured stays as
 * it is.
 */
export function performanceReport(groups: readonly About[], measured: readonly Measured[], before = ''): string {
  const kept = sectionsOf(before)
  const sections = groups.map((group) => {
    const fresh = measured.find((one) => one.group === group.name)
    const body = fresh ? bodyOf(fresh) : (kept.get(group.name) ?? table([{ what: group.name, remark: NOT_YET }]))
    return `## ${group.name}\n\n${group.about}\n\n${body}\n`
  })
  return `# How fast Berth is, and how fast it could be

Made by \`just bench\`; \`just bench reserve end\` measures some groups and renews their sections. Each figure stands beside its limit: what
the machine itself takes for the same, measured by hand in the same run, in turns with it where that can be. What misses its target
says so. Nothing here is a test: figures of a machine that has other work are worth as much as its load average says. The speed of one
machine varies, too: each section states how long \`true\` took to run, because Docker spends most of its time starting processes.

${sections.join('\n')}`
}

/** The tables, and when they were measured, by group; without what is said about the group. */
export function sectionsOf(report: string): ReadonlyMap<string, string> {
  const sections = report.split(/^## /m).slice(1)
  return new Map(
    sections.flatMap((section): [string, string][] => {
      const name = section.slice(0, section.indexOf('\n'))
      const rows = section.indexOf('| what |')
      return rows === -1 ? [] : [[name, section.slice(rows).trim()]]
    }),
  )
}

function bodyOf({ entries, at, machine, load, processMs, seconds }: Measured): string {
  const place = inWords(machine)
  const day = at.toISOString().slice(0, 10)
  const speed = `load average ${load.toFixed(1)} and \`true\` in ${written({ value: processMs, unit: 'ms' })} before it began`
  const conditions = `${speed}; took ${Math.round(seconds)} s`
  return `${table(entries)}\n\nOn ${day}: ${place}; ${conditions}.`
}

export const HEADER = '| what | measured | limit | ratio | target | |\n|---|---|---|---|---|---|'

function table(entries: readonly Entry[]): string {
  return [HEADER, ...entries.map(rowOf)].join('\n')
}

export function rowOf(entry: Entry): string {
  if ('remark' in entry) return `| ${entry.what} | ${entry.remark} | | | | |`
  const { what, how, limit, target } = entry
  const cells = [
    what,
    `${written(entry)}${how && `, ${how}`}`,
    limit ? `${written(limit)}: ${limit.what}` : '',
    ratioWritten(ratioOf(entry)),
    target ? targetOf(target, entry.unit) : '',
    target ? (isMet(entry, target) ? 'met' : '**missed**') : '',
  ]
  return `| ${cells.join(' | ')} |`.replaceAll(/ {2,}/g, ' ')
}

function targetOf({ of, is, than }: Target, unit: Unit): string {
  return of === 'limit' ? `${is} ${Number(than.toFixed(2))} × the limit` : `${is} ${written({ value: than, unit })}`
}

function ratioOf({ value, limit }: Figure): number | undefined {
  return limit && value / limit.value
}

function ratioWritten(ratio: number | undefined): string {
  if (ratio === undefined) return ''
  return ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2)
}

/** Returns false for NaN. */
export function isMet(figure: Figure, { of, is, than }: Target): boolean {
  const compared = (of === 'limit' ? ratioOf(figure) : figure.value) ?? Number.NaN
  if (is === 'under') return compared < than
  return is === 'at most' ? compared <= than : compared >= than
}

function written({ value, unit }: Quantity): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const number = value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: digits })
  return `${number}${unit && (unit === '/s' ? '' : ' ')}${unit}`
}
