import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BerthError } from '../../../domain/errors.ts'
import type { Observed } from '../../../ports/engine.ts'
import { readOwner } from '../../labels.ts'
import type { ContainerInspectInfo } from '../api/types.ts'
import type { Docker } from '../api/client.ts'
import { ignoreStatus } from '../api/errors.ts'
import { shortId } from '../api/ids.ts'
import { inspectContainer } from '../api/inspect.ts'
import { describeContainer, engineName } from './name.ts'
import { fromInspect } from './observed.ts'
import { createOptions } from './spec.ts'

const POLL_MS = 100

interface Maker {
  readonly mark: DatabaseMark
  /** Reservations by container id. */
  readonly lent: ReadonlyMap<string, string>
}

/**
 * Creates the container and returns its id. If this database's manager has created exactly this generation already and
 * it was never lent, returns that container's id. A create that timed out may have taken effect, or may still do so:
 * the second attempt meets it by its name.
 */
export async function createGeneration(
  docker: Docker,
  spec: ContainerSpec,
  maker: Maker,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const name = engineName(spec)
    const id = await createNamed(docker, name, createOptions(spec, maker.mark), signal)
    if (id !== null) return id
    const holder = await inspectContainer(docker, name, signal)
    if (holder !== null) return idOfSame(holder, spec, maker)
    // The name was taken and no container has it: it is just gone, or is still being created by a call that timed out.
    await sleep(POLL_MS, undefined, { signal })
  }
}

/** Returns the container's id; null when the name is taken. `body` is that of Docker's "create a container". */
export async function createNamed(
  docker: Docker,
  name: string,
  body: object,
  signal: AbortSignal,
): Promise<string | null> {
  const made = await docker
    .post<{ Id: string }>('/containers/create', { query: { name }, body, signal })
    .catch(ignoreStatus(409))
  return made?.Id ?? null
}

function idOfSame(holder: ContainerInspectInfo, spec: ContainerSpec, { mark, lent }: Maker): string {
  const observed = fromInspect(holder, spec.instance, lent)
  const isSame = observed?.pool === spec.pool && observed.generation === spec.generation
  if (isSame && observed.database === mark.id && observed.lentTo === null) return observed.id
  const whose = observed ? `${whoseOf(observed, mark)} (${shortId(holder.Id)})` : describeForeign(holder)
  throw new BerthError('engine_conflict', `create ${spec.name}: Docker's name ${engineName(spec)} is taken by ${whose}`)
}

function whoseOf(observed: Observed, mark: DatabaseMark): string {
  if (observed.database !== mark.id) return `a container of ${observed.origin ?? 'another database'}`
  if (observed.lentTo !== null) return `a container that was lent to reservation ${observed.lentTo}`
  return `generation ${observed.generation ?? 'unknown'}`
}

/** Returns the owner of the container, and what to do. */
function describeForeign({ Id, Name, Config }: ContainerInspectInfo): string {
  const labels = Config.Labels ?? {}
  const what = describeContainer({ id: Id, name: Name.slice(1), labels })
  // Earlier versions gave containers of every instance the short name.
  const remedy = readOwner(labels) ? 'start the manager of that instance, which replaces it' : 'rename or remove it'
  return `${what}: ${remedy}, or give the pool another name`
}
