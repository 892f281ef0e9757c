/** What a benchmark works with: managers with pools of their own, and containers that no manager knows. Whoever opens it closes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { ContainerSpec } from '../src/core/container.ts'
import { reasonOf } from '../src/core/errors.ts'
import { networkOptions } from '../src/engine/docker/network-spec.ts'
import { newInstance, removeInstance } from '../test/support/instance.ts'
import { TestManager } from '../test/support/manager.ts'
import type { About, Entry } from './report.ts'
import { ratePerSecond } from './measuring.ts'
import { RawDocker } from './raw-docker.ts'

export interface Group extends About {
  /** Takes minutes: only when it is named, or with --all. */
  readonly long?: true
  /** Gives each figure when it has it. */
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
  readonly spec: ContainerSpec
}

export class Lab {
  readonly docker = new RawDocker(process.env['DOCKER_HOST'])
  /** How many containers `thousand` has. */
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
    await this.docker.createNetwork(networkOptions(raw.instance, 'internet'))
    return raw
  }

  /** Also what a benchmark left open that was cut short. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#open]) await one[Symbol.asyncDispose]()
    this.docker.close()
  }

  async removeContainers(instance: string): Promise<void> {
    const ids = await this.docker.labelled(`berth.instance=${instance}`)
    // Side by side: one after another, a thousand take more than anybody's patience.
    await ratePerSecond(ids, REMOVED_AT_ONCE, (id) => this.docker.remove(id))
  }

  /**
   * Until it is so: what a manager that was cut off had asked for, Docker makes all the same, a little later. A network that
   * Docker (20.10) will not let go of, though nothing is in it any more, is no failure of what was measured.
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
  /** Who interrupts a benchmark closes what it closes itself. */
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
      // So seldom that the manager has better things to do than to answer.
      await sleep(Math.max(20, this.size))
    }
  }

  /** Serving, with every container ready. With `logFile`, its log is written there, and not read by anybody. */
  async fill(logFile?: string): Promise<this> {
    await this.manager.start({}, logFile)
    await this.untilReady()
    return this
  }

  /** 503: not everybody is out yet; whoever goes on waits for what comes of it. */
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
    // What it has asked Docker for is there before all is removed.
    await this.manager.interrupt()
    await this.#lab.removeAll(this.manager.instance)
    rmSync(this.manager.folder, { recursive: true, force: true })
    this.#closed()
  }
}

/** Containers as a manager would make them, made by hand. */
export class RawPool implements AsyncDisposable {
  readonly instance = newInstance('bench-raw').instance
  readonly #lab: Lab
  readonly #firstPort: number
  readonly #closed: () => void
  /** Who interrupts a benchmark closes what it closes itself. */
  #closing: Promise<void> | undefined

  constructor(lab: Lab, firstPort: number, closed: () => void) {
    this.#lab = lab
    this.#firstPort = firstPort
    this.#closed = closed
  }

  spec(nth: number): ContainerSpec {
    const place = { name: `${this.instance}-${nth}`, port: this.#firstPort + nth }
    return {
      ...{ instance: this.instance, pool: this.instance, ...place, generation: 1, image: 'berth/alpine' },
      ...{ bind: '127.0.0.1', memory: RAW_MEMORY, cpus: 1, pids: 256, sudo: true, reach: 'internet', runtime: null },
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
