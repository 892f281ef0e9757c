import { randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import type { ContainerSpec } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import type { Observed } from '../../core/ports.ts'
import { specDigest } from '../labels.ts'

export interface MemoryContainer {
  readonly id: string
  readonly spec: ContainerSpec
  readonly createdAt: number
  state: 'created' | 'running' | 'paused' | 'exited'
  /** Whether somebody has taken it off its network. */
  unplugged: boolean
}

export interface MemoryHostOptions {
  readonly now: Clock
  /** Images that can be run. Any, when left out. */
  readonly images?: readonly string[]
}

/**
 * The machine that in-memory engines share, as several managers share one Docker: one space of names and of ports.
 * Whatever happens to containers without their manager (a crash, someone's `docker pause`) is done here, and told to
 * those who watch.
 */
export class MemoryHost {
  readonly #now: Clock
  readonly #images: ReadonlySet<string> | null
  readonly #containers = new Map<string, MemoryContainer>()
  readonly #foreignPorts = new Set<number>()
  readonly #watchers = new Set<{ readonly instance: string; readonly onChange: () => void }>()

  constructor({ now, images }: MemoryHostOptions) {
    this.#now = now
    this.#images = images === undefined ? null : new Set(images)
  }

  find(id: string): MemoryContainer | undefined {
    return this.#containers.get(id)
  }

  holderOf(name: string): MemoryContainer | undefined {
    return this.all().find((container) => container.spec.name === name)
  }

  all(): MemoryContainer[] {
    return [...this.#containers.values()]
  }

  add(spec: ContainerSpec): MemoryContainer {
    if (this.#images?.has(spec.image) === false) throw new BerthError('image_missing', `no such image: ${spec.image}`)
    const id = randomBytes(32).toString('hex')
    const container: MemoryContainer = { id, spec, createdAt: this.#now(), state: 'created', unplugged: false }
    this.#containers.set(id, container)
    return container
  }

  delete(id: string): void {
    this.#containers.delete(id)
  }

  /** Whether a program or a running container has the port on an overlapping address. */
  isTaken({ bind, port }: ContainerSpec): boolean {
    const overlaps = (other: string) => other === bind || other === '0.0.0.0' || bind === '0.0.0.0'
    const running = this.all().filter(({ state }) => state === 'running' || state === 'paused')
    return this.#foreignPorts.has(port) || running.some(({ spec }) => spec.port === port && overlaps(spec.bind))
  }

  /** A program on the host takes the port. */
  occupy(port: number): void {
    this.#foreignPorts.add(port)
  }

  vacate(port: number): void {
    this.#foreignPorts.delete(port)
  }

  /** Something other than the manager changes a container, or takes it off its network; null removes it. */
  disturb(id: string, state: MemoryContainer['state'] | 'unplugged' | null): void {
    const container = this.#containers.get(id)
    if (container === undefined) return
    if (state === null) this.#containers.delete(id)
    else if (state === 'unplugged') container.unplugged = true
    else container.state = state
    for (const { instance, onChange } of this.#watchers) {
      if (instance === container.spec.instance) setImmediate(onChange)
    }
  }

  watch(instance: string, onChange: () => void): () => void {
    const watcher = { instance, onChange }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

export function observe({ id, spec, state, unplugged, createdAt }: MemoryContainer): Observed {
  const { name, pool, generation } = spec
  const port = (state === 'running' || state === 'paused') && !unplugged ? spec.port : null
  return { id, name, pool, generation, spec: specDigest(spec), port, state, createdAt }
}
