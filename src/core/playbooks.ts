/** Running a pool's own playbook on its new containers: those on which it succeeds are ready. */
import { type BuildContext, SURVEY_TIMEOUT } from './building.ts'
import { broken, type Container, ready } from './container.ts'
import { BerthError, codeOf, isNobodysFault, reasonOf } from './errors.ts'
import type { Metrics } from './ports.ts'

type PlaybookContext = Pick<BuildContext, 'accounts' | 'clock' | 'log' | 'store'> & { readonly metrics: Metrics }

/** One run for all of them. One on which it fails is broken, with the failing task as the reason. */
export async function runPlaybook(
  { accounts, clock, log, metrics, store }: PlaybookContext,
  playbook: string,
  rows: readonly Container[],
): Promise<void> {
  const began = clock()
  const targets = rows.map((row) => ({ id: row.engineId ?? '', name: row.name }))
  const outcomes = await accounts.prepare(targets, playbook)
  for (const row of rows) {
    const outcome = outcomes.get(row.name) === null ? await lookAgain(row) : outcomes.get(row.name)
    if (outcome === null) {
      const ms = clock() - began
      if (!(await store.updateContainer(row, ready(clock()), clock()))) continue
      log.info(`${row.name} prepared`, { ms })
      metrics.observe('prepare', ms)
      continue
    }
    const error = outcome ?? new BerthError('guest_failed', `${playbook} did not run here`)
    metrics.failure(codeOf(error))
    if (isNobodysFault(error)) continue
    log.warn(`${row.name} could not be prepared`, { reason: reasonOf(error) })
    await store.updateContainer(row, broken(row, reasonOf(error), clock()), clock())
  }

  /** Whether its sshd still answers; null when it does. */
  async function lookAgain({ engineId, name }: Container): Promise<Error | null> {
    const how = { timeoutMs: SURVEY_TIMEOUT, fresh: true }
    return accounts.survey({ id: engineId ?? '', name }, how).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
  }
}
