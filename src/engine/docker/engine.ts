import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerSpec, Reach } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import type { BashRequest, BashResult, Engine, ExecRequest, ExecResult, Observed } from '../../core/ports.ts'
import { execOf } from '../bash.ts'
import { INSTANCE_LABEL } from '../labels.ts'
import type { ContainerInfo } from './answers.ts'
import { createBarrier } from './barrier.ts'
import { Calls } from './calls.ts'
import { connect, type Docker } from './connection.ts'
import { createGeneration } from './create.ts'
import { createCuts } from './cuts.ts'
import { DEADLINES, type Deadlines } from './deadlines.ts'
import { accept, isMissingNetwork, isPaused, senseless } from './errors.ts'
import { Executions } from './executions.ts'
import { ensureGuard, isGuarded } from './guard.ts'
import { GuardShell } from './guard-shell.ts'
import { killForGood } from './kill.ts'
import { Listeners } from './listeners.ts'
import { lookUp } from './lookup.ts'
import { addressesOf, ensureNetwork, rejoinNetwork } from './network.ts'
import { fromInspect, fromList } from './observed.ts'
import { watchContainers } from './watch.ts'

/** Between two looks at something that Docker is busy with. */
const POLL_MS = 100

export interface DockerOptions {
  readonly instance: string
  /** Of its pools, in any order and number. */
  readonly reaches: readonly Reach[]
  /** As DOCKER_HOST; Docker's default socket without it. */
  readonly dockerHost?: string | undefined
  readonly deadlines?: Partial<Deadlines>
}

/** One Docker host. Connects with the first call, so it can be opened while Docker is away. */
export function openDocker({ instance, reaches, dockerHost, deadlines }: DockerOptions): Engine {
  return new DockerEngine(instance, new Set(reaches), connect(dockerHost), { ...DEADLINES, ...deadlines })
}

class DockerEngine implements Engine {
  readonly #instance: string
  readonly #reaches: ReadonlySet<Reach>
  readonly #docker: Docker
  readonly #calls: Calls
  readonly #deadlines: Deadlines
  readonly #watches = new Set<() => void>()
  /** Ids of those that we made, and that never ran: nobody has had the time to take them off their network. */
  readonly #unused = new Set<string>()
  readonly #barrier = createBarrier({
    addresses: () =>
      this.#calls.run('look at the networks', this.#deadlines.bar, (signal) =>
        addressesOf(this.#docker, this.#instance, this.#reaches, signal),
      ),
    load: (bar, lift) => this.#guardShell.change({ bar, lift }),
  })
  readonly #cuts = createCuts({
    bar: async (id) => {
      if (this.#needsGuard) await this.#barrier.bar(id)
    },
    lift: (ids) => this.#barrier.lift(ids),
    freeze: (id) =>
      this.#calls.run(`pause ${short(id)}`, this.#deadlines.freeze, (signal) =>
        this.#executions.freeze(whole(id), signal),
      ),
    kill: (id, held) =>
      this.#calls.run(`kill ${short(id)}`, this.#deadlines[held ? 'killFrozen' : 'kill'], (signal) =>
        killForGood(this.#docker, whole(id), { cpus: () => this.#countCpus(signal), held }, signal),
      ),
  })
  readonly #executions: Executions
  readonly #listeners: Listeners
  readonly #guardShell: GuardShell
  #prepared = false
  #cpus: number | undefined

  constructor(instance: string, reaches: ReadonlySet<Reach>, docker: Docker, deadlines: Deadlines) {
    this.#instance = instance
    this.#reaches = reaches
    this.#docker = docker
    this.#calls = new Calls(docker.address)
    this.#deadlines = deadlines
    this.#executions = new Executions(docker)
    this.#listeners = new Listeners(docker, this.#calls, deadlines.attach)
    this.#guardShell = new GuardShell(docker, this.#calls, instance, deadlines.bar)
  }

  async version(): Promise<string> {
    const { Version } = await this.#calls.run('version', this.#deadlines.version, (signal) =>
      this.#docker.get<{ Version: string }>('/version', { signal }),
    )
    return `docker ${Version}`
  }

  async prepare(): Promise<void> {
    await Promise.all([this.#ensureGuard(), ...[...this.#reaches].map((reach) => this.#ensureNetwork(reach))])
    this.#prepared = true
  }

  async list(): Promise<Observed[]> {
    await this.#cuts.calm(this.#deadlines.freeze)
    const filters = { label: [`${INSTANCE_LABEL}=${this.#instance}`] }
    const [infos, guarded] = await this.#calls.run('list', this.#deadlines.list, (signal) =>
      Promise.all([
        this.#docker.get<readonly ContainerInfo[]>('/containers/json', { query: { all: true, filters }, signal }),
        !this.#prepared || !this.#needsGuard || isGuarded(this.#docker, this.#instance, signal),
      ]).then((answers) => {
        if (!Array.isArray(answers[0])) throw senseless()
        return answers
      }),
    )
    // Somebody removed or stopped it; nobody is lent anything before it is back.
    if (!guarded) await this.#ensureGuard()
    this.#listeners.know(infos)
    return infos.map((info) => fromList(info, this.#instance)).filter((observed) => observed !== null)
  }

  async inspect(id: string): Promise<Observed | null> {
    const info = await this.#calls.run(`inspect ${short(id)}`, this.#deadlines.inspect, (signal) =>
      lookUp(this.#docker, id, signal),
    )
    return info?.Id === id ? fromInspect(info, this.#instance) : null
  }

  async create(spec: ContainerSpec): Promise<string> {
    await this.#cuts.calm()
    const id = await this.#calls.run(`create ${spec.name}`, this.#deadlines.create, (signal) =>
      createGeneration(this.#docker, spec, signal),
    )
    this.#unused.add(id)
    return id
  }

  async start(id: string): Promise<void> {
    await this.#cuts.calm()
    await this.#calls.run(`start ${short(id)}`, this.#deadlines.start, async (signal) => {
      const path = `/containers/${whole(id)}`
      const start = () => this.#docker.post(`${path}/start`, { signal }).catch(accept(304))
      await start().catch(async (error: unknown) => {
        if (isPaused(error)) return this.#docker.post(`${path}/unpause`, { signal })
        if (!isMissingNetwork(error)) throw error
        for (const reach of this.#reaches) await ensureNetwork(this.#docker, this.#instance, reach, signal)
        await start()
      })
      if (!this.#unused.delete(id))
        await rejoinNetwork(this.#docker, this.#instance, { id, reaches: this.#reaches }, signal)
    })
  }

  async kill(id: string): Promise<void> {
    await this.#cuts.cut(id)
  }

  async remove(id: string): Promise<void> {
    this.#unused.delete(id)
    await this.#cuts.calm()
    await this.#calls.run(`remove ${short(id)}`, this.#deadlines.remove, async (signal) => {
      try {
        await this.#docker.delete(`/containers/${whole(id)}`, { query: { force: true, v: true }, signal })
      } catch (error) {
        accept(404, 409)(error)
        // 409: a removal is under way. It is done when the container is gone, and its name and port are free.
        while ((await lookUp(this.#docker, id, signal)) !== null) await sleep(POLL_MS, undefined, { signal })
      }
    })
  }

  async exec(id: string, request: ExecRequest): Promise<ExecResult> {
    const what = `exec ${request.command[0] ?? ''} in ${short(id)}`
    return this.#calls.run(what, request.timeoutMs, (signal) => this.#executions.execute(whole(id), request, signal))
  }

  async runBash(id: string, { timeoutMs, ...request }: BashRequest): Promise<BashResult> {
    return this.#calls.run(`run bash in ${short(id)}`, timeoutMs, async (signal) => {
      const container = whole(id)
      if (request.free !== undefined && (await this.#listeners.areIn(container, signal))) {
        const result = await this.#listeners.ask(container, request, signal)
        if (result) return result
      }
      const { code, stdout, stderr } = await this.#executions.execute(container, execOf(request.program), signal)
      return { code, output: stdout + stderr }
    })
  }

  arm(ids: readonly string[]): void {
    this.#listeners.arm(ids)
  }

  watch(onChange: () => void): () => void {
    const { watch: connectMs } = this.#deadlines
    const stop = watchContainers({ docker: this.#docker, instance: this.#instance, connectMs, onChange })
    this.#watches.add(stop)
    return () => {
      this.#watches.delete(stop)
      stop()
    }
  }

  async close(): Promise<void> {
    for (const stop of this.#watches) stop()
    this.#listeners.close()
    this.#guardShell.close()
    this.#calls.close()
    this.#docker.close()
  }

  /** Of the engine's host. */
  async #countCpus(signal: AbortSignal): Promise<number> {
    this.#cpus ??= (await this.#docker.get<{ NCPU: number }>('/info', { signal })).NCPU
    return this.#cpus
  }

  get #needsGuard(): boolean {
    return [...this.#reaches].some((reach) => reach !== 'all')
  }

  async #ensureNetwork(reach: Reach): Promise<void> {
    await this.#calls.run(`prepare the network for reach: ${reach}`, this.#deadlines.create, (signal) =>
      ensureNetwork(this.#docker, this.#instance, reach, signal),
    )
  }

  async #ensureGuard(): Promise<void> {
    if (!this.#needsGuard) return
    try {
      await this.#calls.run('prepare the guard', this.#deadlines.create, (signal) =>
        ensureGuard(this.#docker, this.#instance, signal),
      )
      void this.#guardShell.open()
    } catch (error) {
      if (!(error instanceof BerthError) || error.code === 'engine_unavailable') throw error
      const advice = 'without it tenants would reach this host; pools with "reach: all" do without it'
      throw new BerthError(error.code, `${error.message}; ${advice}`, { cause: error })
    }
  }
}

/** Only whole ids: Docker would take a name as well, and hit whoever has that name now. */
function whole(id: string): string {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new BerthError('engine_failed', `${JSON.stringify(id)} is no container id`)
  return id
}

/** An id as Docker shows it to people. */
function short(id: string): string {
  return id.slice(0, 12)
}
