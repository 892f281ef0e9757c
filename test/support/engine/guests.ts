/** Throw-away containers of the real image, for what happens inside them. */
import type { PublishedSpec } from '../../../src/domain/container.ts'
import type { Engine } from '../../../src/ports/engine.ts'
import type { Target } from '../../../src/ports/accounts.ts'
import { reservePorts } from '../../../lab/ports.ts'

const IMAGE = 'berth/box'

export interface RunningGuest extends Target {
  /** On 127.0.0.1. */
  readonly port: number
}

/** Starts `count` containers at once. Their sshd may still be on its way. Removed by `removeGuests`. */
export async function startGuests(
  engine: Engine,
  names: { readonly instance: string; readonly pool: string },
  count: number,
  image = IMAGE,
): Promise<RunningGuest[]> {
  await engine.provision()
  const ports = await reservePorts(count)
  return Promise.all(ports.map((port) => startGuest(engine, { ...guestSpec(names, port), image })))
}

async function startGuest(engine: Engine, spec: PublishedSpec): Promise<RunningGuest> {
  const id = await engine.create(spec)
  await engine.start(id)
  return { id, name: spec.name, port: spec.port }
}

function guestSpec({ instance, pool }: { instance: string; pool: string }, port: number): PublishedSpec {
  return {
    instance,
    pool,
    name: `${pool}-${port}`,
    generation: 1,
    image: IMAGE,
    bind: '127.0.0.1',
    port,
    memory: 256 * 1024 ** 2,
    shm: 2 ** 26,
    cpus: 1,
    pids: 128,
    sudo: true,
    // Nobody is let in who would have to be kept from anything.
    reach: 'all',
    disk: null,
    runtime: null,
  }
}

/** Removes every container of the engine's instance. */
export async function removeGuests(engine: Engine): Promise<void> {
  const all = (await engine.list()).observed
  await Promise.all(all.map(({ id }) => engine.remove(id)))
}
