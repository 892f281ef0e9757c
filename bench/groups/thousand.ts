/** As many containers as fit. */
import { setTimeout as sleep } from 'node:timers/promises'
import { followRevocations, lendAll } from './revocations.ts'
import type { BenchPool, Group } from '../session.ts'
import { timed } from '../measuring.ts'
import { percentile } from '../../lab/percentile.ts'
import { startAgain } from './start.ts'

const MINUTE = 60_000
/** Time for reserving all containers, per container. */
const RESERVE_ALLOWANCE_MS = 120
const SETTLE_MS = 15_000
/** How long the manager is measured at rest. */
const REST_MS = 30_000
/** Maximum number of characters of a warning in the report. */
const MAX_WARNING_LENGTH = 120

export const thousand: Group = {
  name: 'thousand',
  long: true,
  about: `A thousand real containers in one pool (their number is in the rows): made, reserved in bursts of 50 until none is left, all ended
in the same millisecond, recycled; then the manager at rest, and started anew. Only when it is named, or with \`--all\`.`,
  async *measure(lab) {
    const size = lab.thousand
    await using pool = lab.openPool({ size, top: { log: 'warn' } })
    const { manager } = pool
    const ms = await timed(() => pool.fill())
    yield { what: `${size} made`, value: size / (ms / 1_000), unit: '/s', how: `in ${Math.round(ms / 1_000)} s` }

    const due = Date.now() + MINUTE + 5_000 + size * RESERVE_ALLOWANCE_MS
    const { answers } = await lendAll(pool, due)
    if (Date.now() > due - 1_000) throw new Error('they were not reserved in time')
    yield {
      what: `${size} reserved in bursts of 50, request to answer`,
      value: percentile(answers, 0.99),
      unit: 'ms',
      how: `p99 of ${answers.length}`,
    }
    const revocations = await followRevocations(lab, pool)
    await sleep(due - Date.now())
    while (revocations.revokedAt.size < size) await sleep(100)
    const last = Math.max(...revocations.revokedAt.values())
    await pool.untilReady()
    const ready = Date.now()
    revocations.stop()
    yield {
      what: `${size} end together: time until no tenant has access`,
      value: (last - due) / 1_000,
      unit: 's',
      how: '',
    }
    const took = (ready - last) / 1_000
    yield { what: `${size} recycled after that`, value: size / took, unit: '/s', how: `in ${Math.round(took)} s` }
    yield {
      what: 'containers destroyed before all access was revoked',
      value: revocations.destroyedAt.filter((at) => at < last).length,
      unit: '',
      how: '',
      target: { of: 'figure', is: 'at most', than: 0 },
    }
    const { errors, warnings } = complaints(manager.output)
    yield {
      what: 'errors in the log',
      value: errors,
      unit: '',
      how: warnings,
      target: { of: 'figure', is: 'at most', than: 0 },
    }

    await sleep(SETTLE_MS)
    const before = await costs(pool)
    await sleep(REST_MS)
    const after = await costs(pool)
    const percent = ((after.cpu - before.cpu) / (REST_MS / 1_000)) * 100
    const how = `over ${REST_MS / 1_000} s`
    const rest = `the manager at rest, ${size} containers`
    yield {
      what: `${rest}: processor`,
      value: percent,
      unit: '% of a core',
      how,
      target: { of: 'figure', is: 'under', than: 1 },
    }
    yield {
      what: `${rest}: memory after all this`,
      value: after.resident / 1e6,
      unit: 'MB',
      how: 'resident',
      target: { of: 'figure', is: 'under', than: 150 },
    }

    const { serving, reconciled } = await startAgain(lab, pool)
    const target = { of: 'figure', is: 'under', than: 1_000 } as const
    yield { what: `start to serving, ${size} containers`, value: serving, unit: 'ms', how: '', target }
    yield {
      what: `start to reconciled, ${size} containers`,
      value: reconciled,
      unit: 'ms',
      how: '',
      target: { ...target, than: 5_000 },
    }
    await pool.untilReady()
    await sleep(SETTLE_MS)
    yield { what: `${rest}: memory after that`, value: (await costs(pool)).resident / 1e6, unit: 'MB', how: 'resident' }
  },
}

/**
 * Counts the errors and each kind of warning in a log. Words with digits are masked, so that warnings about several
 * containers count as one kind.
 */
function complaints(log: string): { readonly errors: number; readonly warnings: string } {
  const lines = log.split('\n').filter((line) => line.startsWith('{'))
  const told = lines.map((line) => JSON.parse(line) as { level: string; msg: string; reason?: string })
  const warnings = told.filter(({ level }) => level === 'warn')
  const alike = ({ msg, reason = '' }: (typeof told)[number]) =>
    `${msg}: ${reason}`.replaceAll(/\S*\d\S*/g, '…').slice(0, MAX_WARNING_LENGTH)
  const kinds = Map.groupBy(warnings, alike).entries().toArray()
  const counted = kinds.map(([kind, all]) => `${all.length} × ${kind}`)
  return {
    errors: told.filter(({ level }) => ['error', 'fatal'].includes(level)).length,
    warnings: [`and ${warnings.length} warnings`, ...counted].join('; '),
  }
}

/** Seconds of a processor since its start, and bytes, as the kernel counts them. */
async function costs({ manager }: BenchPool): Promise<{ cpu: number; resident: number }> {
  const text = await (await fetch(`${manager.url}/metrics`)).text()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
  return { cpu: figure('process_cpu_seconds_total'), resident: figure('process_resident_memory_bytes') }
}
