/** Container names that are taken, for provisioning. */
import { INSTANCE_LABEL } from '../../labels.ts'
import { Requests } from '../api/requests.ts'
import { connect } from '../api/client.ts'
import { listContainers } from '../container/list.ts'

const LIST_MS = 20_000

export interface TakenNames {
  readonly ours: readonly string[]
  readonly foreign: readonly string[]
}

/** Returns the names of all containers. `engine_unavailable` if Docker does not answer. */
export async function takenNames(
  instance: string,
  engine: { readonly host: string; readonly certificates: string | null },
): Promise<TakenNames> {
  const docker = connect(engine.host, engine.certificates)
  try {
    const requests = new Requests(docker.address)
    const infos = await requests.run('list', LIST_MS, (signal) => listContainers(docker, null, signal))
    const namesOf = (isOurs: boolean) =>
      infos
        .filter(({ Labels }) => (Labels[INSTANCE_LABEL] === instance) === isOurs)
        // Each begins with a slash; a name with another slash in it belongs to a link.
        .flatMap(({ Names }) => Names.map((name) => name.slice(1)))
    return { ours: namesOf(true), foreign: namesOf(false) }
  } finally {
    docker.close()
  }
}
