/**
 * What a benchmark works with: managers with pools of their own, and containers that no manager knows. The caller that
 * opens one closes it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { PublishedSpec } from '../src/domain/container.ts'
import { reasonOf } from '../src/domain/errors.ts'
import { networkOptions } from '../src/engine/docker/network/spec.ts'
import { newInstance, removeInstance } from '../lab/instance.ts'
import { TestManager } from '../lab/manager.ts'
import type { About, Entry } from './report.ts'
import { ratePerSecond } from './measuring.ts'
import { BENCH_MARK, RawDocker } from './raw-docker.ts'

export interface Group extends About {
  /** Takes minutes: runs only when it is named, or with --all. */
  readonly long?: true
  /** Yields each figure as soon as it is measured. */
  measure(lab: Lab): AsyncGenerator<Entry, void>
}

/** The raw containers' ports come after those of any pool. */
const MOST_IN_POOL = 1_100
const RAW_MEMORY = 512 * 1024 ** 2
const REMOVED_AT_ONCE = 4
const REMOVALS = 5

export interface PoolOptions {
  readonly size: number
  /** Keys of berth.yml. */
  readonly top?: object
}

export interface RawContainer {
  /** Of the container that runs there now. */
  readonly id: string
  readonly spec: PublishedSpec
}

export class Lab {
  readonly docker = new RawDocker(process.env['DOCKER_HOST'])
  /** Number of containers of the group `thousand`. */
  readonly thousand: number
  readonly #firstPort: number
  readonly #open = new Set<AsyncDisposable>()

  constructor({ firstPort, thousand }: { readonly firstPort: number; readonly thousand: number }) {
    this.#firstPort = firstPort
    this.thousand = thousand
  }

  /** A manager that is not started yet, with an empty pool and database. */
  openPool(options: PoolOptions): BenchPool {
    const pool = new BenchPool(this, this.#firstPort, options, () => this.#open.delete(pool))
    this.#open.add(pool)
    return pool
  }

  async openRaw(): Promise<RawPool> {
    const raw = new RawPool(this, this.#firstPort + 1 + MOST_IN_POOL, () => this.#open.delete(raw))
    this.#open.add(raw)
    await this.docker.createNetwork(networkOptions(raw.instance, 'internet', BENCH_MARK))
    return raw
  }

  /** Closes what an interrupted benchmark left open, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#open]) await one[Symbol.asyncDispose]()
    this.docker.close()
  }

  async removeContainers(instance: string): Promise<void> {
    const ids = await this.docker.labelled(`berth.instance=${instance}`)
    // Concurrently: one at a time, a thousand take minutes.
    await ratePerSecond(ids, REMOVED_AT_ONCE, (id) => this.docker.remove(id))
  }

  /**
   * Repeats until nothing is left: Docker may still make what an interrupted manager had asked for. An empty network
   * that Docker (20.10) refuses to remove is not a failure of what was measured.
   */
  async removeAll(instance: string): Promise<void> {
    for (let attempt = 1; attempt <= REMOVALS; attempt += 1) {
      await this.removeContainers(instance)
      try {
        return await removeInstance(instance)
      } catch (error) {
        process.stderr.write(`not removed yet: ${reasonOf(error)}\n`)
        await sleep(1_000)
      }
    }
  }
}

export class BenchPool implements AsyncDisposable {
  readonly manager: TestManager
  readonly size: number
  readonly config: string
  readonly #lab: Lab
  readonly #closed: () => void
  /** May be called twice: by the benchmark, and by an interrupt. */
  #closing: Promise<void> | undefined

  constructor(lab: Lab, port: number, { size, top }: PoolOptions, closed: () => void) {
    this.size = size
    this.#lab = lab
    this.#closed = closed
    const { instance, pool } = newInstance('bench')
    const folder = mkdtempSync(join(tmpdir(), 'berth-bench-'))
    this.config = join(folder, 'berth.yml')
    const listen = `127.0.0.1:${port}`
    const pools = { [pool]: { size, ssh_ports: `${port + 1}-${port + size}` } }
    writeFileSync(this.config, stringify({ listen, instance, auth: 'none', log: 'error', ...top, pools }))
    this.manager = new TestManager(instance, pool, folder, `http://${listen}`, {})
  }

  get label(): string {
    return `berth.instance=${this.manager.instance}`
  }

  async untilReady(): Promise<void> {
    const deadline = performance.now() + 60_000 + this.size * 3_000
    for (;;) {
      const { body } = await this.manager.get<{ available: string[] }>('/available')
      if (body.available.length === this.size) return
      if (performance.now() > deadline) throw new Error(`${body.available.length} of ${this.size} are ready`)
      // Rarely, so that the requests take little time from the manager.
      await sleep(Math.max(20, this.size))
    }
  }

  /** Starts the manager, and waits until every container is ready. With `logFile`, its log goes there. */
  async fill(logFile?: string): Promise<this> {
    await this.manager.start({}, logFile)
    await this.untilReady()
    return this
  }

  /** 503: access has not ended everywhere yet; the caller waits for the containers anyway. */
  async releaseAll(): Promise<void> {
    const { status, body } = await this.manager.send('POST', '/v1/release-all', {})
    if (status === 200) return
    const said = JSON.stringify(body)
    if (status !== 503) throw new Error(`release-all: ${status} ${said}`)
    process.stderr.write(`release-all: 503 ${said}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    // First the manager stops: what it has asked Docker for exists then.
    await this.manager.interrupt()
    await this.#lab.removeAll(this.manager.instance)
    rmSync(this.manager.folder, { recursive: true, force: true })
    this.#closed()
  }
}

/** Containers made by hand, as a manager would make them. */
export class RawPool implements AsyncDisposable {
  readonly instance = newInstance('bench-raw').instance
  readonly #lab: Lab
  readonly #firstPort: number
  readonly #closed: () => void
  /** May be called twice: by the benchmark, and by an interrupt. */
  #closing: Promise<void> | undefined

  constructor(lab: Lab, firstPort: number, closed: () => void) {
    this.#lab = lab
    this.#firstPort = firstPort
    this.#closed = closed
  }

  spec(nth: number): PublishedSpec {
    const place = { name: `${this.instance}-${nth}`, port: this.#firstPort + nth }
    return {
      instance: this.instance,
      pool: this.instance,
      ...place,
      generation: 1,
      image: 'berth/box',
      bind: '127.0.0.1',
      memory: RAW_MEMORY,
      shm: 2 ** 26,
      cpus: 1,
      pids: 256,
      sudo: true,
      reach: 'internet',
      disk: null,
      runtime: null,
    }
  }

  async make(nth: number): Promise<RawContainer> {
    const spec = this.spec(nth)
    const id = await this.#lab.docker.create(spec)
    await this.#lab.docker.start(id)
    return { id, spec }
  }

  async removeAll(): Promise<void> {
    await this.#lab.removeContainers(this.instance)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  async #close(): Promise<void> {
    await this.#lab.removeAll(this.instance)
    this.#closed()
  }
}
