/** Whose the names of containers are, for whoever is about to make some by them. */
import { INSTANCE_LABEL } from '../labels.ts'
import type { ContainerInfo } from './answers.ts'
import { Calls } from './calls.ts'
import { connect } from './connection.ts'
import { senseless } from './errors.ts'

/** Milliseconds. */
const DEADLINE = 20_000

export interface TakenNames {
  readonly ours: readonly string[]
  readonly foreign: readonly string[]
}

/** Of all containers that there are. `engine_unavailable` when Docker does not answer. */
export async function takenNames(instance: string, dockerHost: string | undefined): Promise<TakenNames> {
  const docker = connect(dockerHost)
  try {
    const infos: readonly ContainerInfo[] = await new Calls(docker.address).run('list', DEADLINE, async (signal) => {
      const answer = await docker.get('/containers/json', { query: { all: true }, signal })
      if (!Array.isArray(answer)) throw senseless()
      return answer
    })
    const namesOf = (whose: boolean) =>
      infos
        .filter(({ Labels }) => (Labels[INSTANCE_LABEL] === instance) === whose)
        // With a slash before each; one with another in it is of a link.
        .flatMap(({ Names }) => Names.map((name) => name.slice(1)))
    return { ours: namesOf(true), foreign: namesOf(false) }
  } finally {
    docker.close()
  }
}
