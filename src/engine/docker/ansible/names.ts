/** Finds slots and container names that are taken, for provisioning. */
import type { ContainerSpec } from '../../../domain/container.ts'
import { INSTANCE_LABEL, readOwner } from '../../labels.ts'
import { Requests } from '../api/requests.ts'
import { connect } from '../api/client.ts'
import { listContainers } from '../container/list.ts'
import { describeContainer, engineName } from '../container/name.ts'

const LIST_MS = 20_000

export interface Taken {
  /** Slots of the instance that have a container, whatever Docker calls it. */
  readonly slots: ReadonlySet<string>
  /** Sentences about containers that have a name that is needed and do not belong to the instance. */
  readonly foreign: readonly string[]
}

/** Returns what is in the way of these containers. `engine_unavailable` if Docker does not answer. */
export async function findTaken(
  instance: string,
  specs: readonly ContainerSpec[],
  engine: { readonly host: string; readonly certificates: string | null },
): Promise<Taken> {
  const docker = connect(engine.host, engine.certificates)
  try {
    const requests = new Requests(docker.address)
    const infos = await requests.run('list', LIST_MS, (signal) => listContainers(docker, null, signal))
    const ours = infos.filter(({ Labels }) => Labels[INSTANCE_LABEL] === instance)
    const needed = new Set(specs.map((spec) => engineName(spec)))
    const foreign = infos
      .filter((info) => !ours.includes(info))
      .flatMap(({ Id, Names, Labels }) => {
        // Each begins with a slash; a name with another slash in it belongs to a link.
        const name = Names.map((each) => each.slice(1)).find((each) => needed.has(each))
        return name === undefined ? [] : [`${name} is taken by ${describeContainer({ id: Id, name, labels: Labels })}`]
      })
    return { slots: new Set(ours.flatMap(({ Labels }) => readOwner(Labels)?.name ?? [])), foreign }
  } finally {
    docker.close()
  }
}
