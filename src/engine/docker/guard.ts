import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../core/errors.ts'
import { GUARD_LABEL, SPEC_LABEL } from '../labels.ts'
import type { Docker } from './connection.ts'
import { createNamed } from './create.ts'
import { accept } from './errors.ts'
import { execute } from './exec.ts'
import { guardName, guardOptions, liftAllCommand, loadCommand } from './guard-spec.ts'
import { lookUp } from './lookup.ts'

const POLL_MS = 100
/** For loading the rules, in milliseconds: it takes tenths of a second. */
const LOAD_MS = 5_000

/**
 * Brings the instance's guard up, in place of one with other rules, and returns when its rules are loaded and nobody is
 * barred. Without them tenants would reach the host, so whatever goes wrong is an error that says so.
 */
export async function ensureGuard(docker: Docker, instance: string, signal: AbortSignal): Promise<void> {
  const guard = await idOfGuard(docker, instance, signal)
  await docker.post(`/containers/${guard}/start`, { signal }).catch(accept(304))
  const request = {
    command: ['/bin/sh', '-c', `${loadCommand(instance)} && ${liftAllCommand(instance)}`],
    timeoutMs: 0,
  }
  // Docker that was going down as this began may say nothing about it for ever.
  const soon = AbortSignal.any([signal, AbortSignal.timeout(LOAD_MS)])
  const { code, stderr } = await execute(docker, guard, request, soon)
  if (code === 0) return
  throw new BerthError('engine_failed', `${guardName(instance)} cannot load its rules: ${stderr.trim()}`)
}

/** Whether it runs; which rules it has loaded is its own care. */
export async function isGuarded(docker: Docker, instance: string, signal: AbortSignal): Promise<boolean> {
  const filters = { label: [`${GUARD_LABEL}=${instance}`], status: ['running'] }
  return (await docker.get<readonly object[]>('/containers/json', { query: { filters }, signal })).length > 0
}

/** Makes it unless it is there as it should be. */
async function idOfGuard(docker: Docker, instance: string, signal: AbortSignal): Promise<string> {
  const name = guardName(instance)
  const wanted = guardOptions(instance)
  const found = await lookUp(docker, name, signal)
  if (found !== null) {
    const labels = found.Config.Labels ?? {}
    if (labels[GUARD_LABEL] !== instance)
      throw new BerthError('engine_conflict', `the name ${name} is taken by a container that is not ours`)
    if (labels[SPEC_LABEL] === wanted.Labels[SPEC_LABEL]) return found.Id
    // Killed, not stopped: its rules hold until its successor replaces them.
    await docker.delete(`/containers/${found.Id}`, { query: { force: true }, signal }).catch(accept(404, 409))
  }
  // 409: somebody else (a second manager, the doctor) made it in between.
  const made = await createNamed(docker, name, wanted, signal)
  if (made !== null) return made
  await sleep(POLL_MS, undefined, { signal })
  return idOfGuard(docker, instance, signal)
}
