import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import type { ContainerInspectInfo } from './answers.ts'
import type { Docker } from './connection.ts'
import { accept } from './errors.ts'
import { lookUp } from './lookup.ts'
import { fromInspect } from './observed.ts'
import { createOptions } from './spec.ts'

const POLL_MS = 100

/**
 * Makes the container and gives its id; when exactly this generation exists, that one's. A create that timed out may
 * have taken effect, or may still: the name is what makes a second attempt meet it.
 */
export async function createGeneration(docker: Docker, spec: ContainerSpec, signal: AbortSignal): Promise<string> {
  for (;;) {
    const id = await createNamed(docker, spec.name, createOptions(spec), signal)
    if (id !== null) return id
    const holder = await lookUp(docker, spec.name, signal)
    if (holder !== null) return idOfSame(holder, spec)
    // The name was taken and nobody has it: just gone, or still in the making by a call that was given up.
    await sleep(POLL_MS, undefined, { signal })
  }
}

/** `body` is Docker's "create a container". Gives its id; null when the name is taken. */
export async function createNamed(
  docker: Docker,
  name: string,
  body: object,
  signal: AbortSignal,
): Promise<string | null> {
  const made = await docker
    .post<{ Id: string }>('/containers/create', { query: { name }, body, signal })
    .catch(accept(409))
  return made?.Id ?? null
}

function idOfSame(holder: ContainerInspectInfo, spec: ContainerSpec): string {
  const observed = fromInspect(holder, spec.instance)
  if (observed?.pool === spec.pool && observed.generation === spec.generation) return observed.id
  const who = observed === null ? 'a container that is not ours' : `generation ${observed.generation ?? 'unknown'}`
  throw new BerthError(
    'engine_conflict',
    `create ${spec.name}: the name is taken by ${who} (${holder.Id.slice(0, 12)})`,
  )
}
