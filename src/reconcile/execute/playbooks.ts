/** Runs a pool's own playbook on its new containers. Those on which it succeeds are ready. */
import type { BuilderDeps } from './builder.ts'
import { broken, type Container, ready, targetOf } from '../../domain/container.ts'
import { BerthError, codeOf, isInfrastructureError, reasonOf } from '../../domain/errors.ts'
import type { Pool } from '../../domain/pool.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Surveyor } from './surveyor.ts'

type PlaybookDeps = Pick<BuilderDeps, 'accounts' | 'clock' | 'log' | 'store'> & {
  readonly metrics: Metrics
  readonly surveyor: Surveyor
}

/** One run for all containers. One on which it fails is broken, with the failing task as the reason. */
export async function runPlaybook(
  { accounts, clock, log, metrics, store, surveyor }: PlaybookDeps,
  pool: Pool,
  rows: readonly Container[],
): Promise<void> {
  const playbook = pool.prepare
  if (playbook === null) return
  const began = clock()
  const targets = rows.map(targetOf)
  const outcomes = await accounts.prepare(targets, playbook)
  for (const row of rows) {
    const outcome = outcomes.get(row.name)
    // A reserve would fail where a survey does.
    const surveyed = outcome === null ? await surveyor.surveyNew(row, targetOf(row).id, pool).catch(asError) : outcome
    if (surveyed && 'hostKey' in surveyed) {
      const ms = clock() - began
      const { hostKey, hostPublicKey } = surveyed
      if (!(await store.updateContainer(row, { ...ready(clock()), hostKey, hostPublicKey }, clock()))) continue
      log.info(`${row.name} prepared in ${ms} ms`, { container: row.name, ms })
      metrics.observe('prepare', ms)
      continue
    }
    const error = surveyed ?? new BerthError('guest_failed', `${playbook} did not run on ${row.name}`)
    metrics.failure(codeOf(error))
    if (isInfrastructureError(error)) continue
    log.warn(`${row.name} could not be prepared`, { container: row.name, reason: reasonOf(error) })
    await store.updateContainer(row, broken(row, reasonOf(error), clock()), clock())
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
