import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../../domain/errors.ts'
import { FIREWALL_LABEL, SPEC_LABEL } from '../../labels.ts'
import type { Docker } from '../api/client.ts'
import { createNamed } from '../container/create.ts'
import { ignoreStatus } from '../api/errors.ts'
import { execute } from '../api/exec.ts'
import { unblockAllCommand, loadCommand } from './script.ts'
import { firewallName, firewallOptions } from './spec.ts'
import { inspectContainer } from '../api/inspect.ts'

const POLL_MS = 100
/** Deadline for loading the rules, which takes tenths of a second. */
const LOAD_MS = 5_000

/**
 * Starts the instance's firewall, in place of one with other rules. Returns the run of it in which the rules were
 * loaded and the blocklist emptied. Without the rules, tenants would reach the host and each other, so every failure is
 * an error.
 */
export async function ensureFirewall(docker: Docker, instance: string, signal: AbortSignal): Promise<string | null> {
  const firewall = await idOfFirewall(docker, instance, signal)
  await docker.post(`/containers/${firewall}/start`, { signal }).catch(ignoreStatus(304))
  // Before the rules are checked: if it restarts in between, it is checked again.
  const run = await firewallRun(docker, instance, signal)
  const request = {
    command: ['/bin/sh', '-c', `${loadCommand(instance)} && ${unblockAllCommand(instance)}`],
    timeoutMs: 0,
  }
  // A Docker that is shutting down may never answer.
  const soon = AbortSignal.any([signal, AbortSignal.timeout(LOAD_MS)])
  const { code, stderr } = await execute(docker, firewall, request, soon)
  if (code === 0) return run
  throw new BerthError('engine_failed', `${firewallName(instance)} cannot load its rules: ${stderr.trim()}`)
}

/**
 * Returns the name of the firewall's present run, from start to end; null when it does not run. It ends when its rules
 * cannot be kept.
 */
export async function firewallRun(docker: Docker, instance: string, signal: AbortSignal): Promise<string | null> {
  const info = await inspectContainer(docker, firewallName(instance), signal)
  return info?.State.Running ? `${info.Id} ${info.State.StartedAt}` : null
}

/** Creates the firewall unless it exists as specified. */
async function idOfFirewall(docker: Docker, instance: string, signal: AbortSignal): Promise<string> {
  const name = firewallName(instance)
  const wanted = firewallOptions(instance)
  const found = await inspectContainer(docker, name, signal)
  if (found !== null) {
    const labels = found.Config.Labels ?? {}
    if (labels[FIREWALL_LABEL] !== instance)
      throw new BerthError('engine_conflict', `the name ${name} is taken by a container that is not ours`)
    if (labels[SPEC_LABEL] === wanted.Labels[SPEC_LABEL]) return found.Id
    // Killed, not stopped: then its rules hold until its successor replaces them.
    await docker.delete(`/containers/${found.Id}`, { query: { force: true }, signal }).catch(ignoreStatus(404, 409))
  }
  // 409: another process (a second manager, the doctor) created it in between.
  const made = await createNamed(docker, name, wanted, signal)
  if (made !== null) return made
  await sleep(POLL_MS, undefined, { signal })
  return idOfFirewall(docker, instance, signal)
}
