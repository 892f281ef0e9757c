import type { ContainerSpec } from '../../core/container.ts'
import { BerthError } from '../../core/errors.ts'
import type { BashRequest, BashResult, Engine, ExecRequest, ExecResult, Observed } from '../../core/ports.ts'
import { execOf } from '../bash.ts'
import { type MemoryContainer, type MemoryHost, observe } from './host.ts'

/** Plays the commands that run inside containers. The signal ends with the request's deadline. */
export type ExecHandler = (
  container: Observed,
  request: ExecRequest,
  signal: AbortSignal,
) => ExecResult | Promise<ExecResult>

export interface MemoryOptions {
  readonly instance: string
  readonly host: MemoryHost
  /** Without it every command succeeds and says nothing. */
  readonly exec?: ExecHandler
}

/** An engine without containers, for tests and demonstrations; it passes the contract suite that Docker's passes. */
export function openMemory({ instance, host, exec }: MemoryOptions): Engine {
  return new MemoryEngine(instance, host, exec ?? (() => ({ code: 0, stdout: '', stderr: '' })))
}

class MemoryEngine implements Engine {
  readonly #instance: string
  readonly #host: MemoryHost
  readonly #handle: ExecHandler
  readonly #watches = new Set<() => void>()
  #closed = false

  constructor(instance: string, host: MemoryHost, handle: ExecHandler) {
    this.#instance = instance
    this.#host = host
    this.#handle = handle
  }

  async version(): Promise<string> {
    this.#assertOpen()
    return 'memory 1'
  }

  async prepare(): Promise<void> {
    this.#assertOpen()
  }

  async list(): Promise<Observed[]> {
    this.#assertOpen()
    const ours = this.#host.all().filter(({ spec }) => spec.instance === this.#instance)
    return ours.map(observe)
  }

  async inspect(id: string): Promise<Observed | null> {
    const container = this.#find(id)
    return container === undefined ? null : observe(container)
  }

  async create(spec: ContainerSpec): Promise<string> {
    this.#assertOpen()
    const holder = this.#host.holderOf(spec.name)
    if (holder === undefined) return this.#host.add(spec).id
    const { instance, pool, generation } = holder.spec
    if (instance === spec.instance && pool === spec.pool && generation === spec.generation) return holder.id
    throw new BerthError('engine_conflict', `create ${spec.name}: the name is taken`)
  }

  async start(id: string): Promise<void> {
    const container = this.#find(id)
    if (container === undefined) throw new BerthError('engine_failed', `start ${id}: no such container`)
    container.unplugged = false
    if (container.state === 'running') return
    if (container.state !== 'paused' && this.#host.isTaken(container.spec)) {
      throw new BerthError('engine_conflict', `start ${id}: port ${container.spec.port} is taken`)
    }
    container.state = 'running'
  }

  async kill(id: string): Promise<void> {
    const container = this.#find(id)
    if (container?.state === 'running' || container?.state === 'paused') container.state = 'exited'
  }

  async remove(id: string): Promise<void> {
    if (this.#find(id) !== undefined) this.#host.delete(id)
  }

  async exec(id: string, request: ExecRequest): Promise<ExecResult> {
    const container = this.#find(id)
    if (container?.state !== 'running') throw new BerthError('guest_failed', `container ${id} is not running`)
    const control = new AbortController()
    const { signal } = control
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new BerthError('engine_unavailable', `exec: ${signal.reason}`)))
    })
    const timer = setTimeout(() => control.abort(`no answer within ${request.timeoutMs} ms`), request.timeoutMs)
    try {
      return await Promise.race([this.#handle(observe(container), request, signal), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async runBash(id: string, { program, timeoutMs }: BashRequest): Promise<BashResult> {
    const { code, stdout, stderr } = await this.exec(id, { ...execOf(program), timeoutMs })
    return { code, output: stdout + stderr }
  }

  arm(): void {
    // Nothing here is slow.
  }

  watch(onChange: () => void): () => void {
    const stop = this.#host.watch(this.#instance, onChange)
    this.#watches.add(stop)
    return stop
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#watches) stop()
  }

  #find(id: string): MemoryContainer | undefined {
    this.#assertOpen()
    const container = this.#host.find(id)
    return container?.spec.instance === this.#instance ? container : undefined
  }

  #assertOpen(): void {
    if (this.#closed) throw new BerthError('engine_unavailable', 'closed')
  }
}
