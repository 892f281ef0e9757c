/** A real manager: its own process, its own berth.yml, pool, ports and database, on the real engine. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { eventually } from './eventually.ts'
import { newInstance, removeLeaving } from './instance.ts'
import { reservePorts } from './ports.ts'
import { readRunCommand } from './run-command.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))

export interface Reserved {
  readonly status: string
  readonly message: string
  readonly username: string
  readonly password: string
  readonly containers: readonly { container: string; host: string; port: number; host_key: string }[]
  readonly reserved_until: string
  readonly duration_minutes: number
}

export interface ContainerView {
  readonly name: string
  readonly state: string
  readonly generation: number
  readonly host_key: string | null
  readonly error: string | null
  readonly attempts: number
}

export interface ManagerOptions {
  readonly size: number
  /** Name of the pool; by default one that no other test has. */
  readonly poolName?: string
  /** Keys of berth.yml beside those that keep tests apart. */
  readonly pool?: object
  readonly top?: object
  /** Settings of further pools, by the suffix of their names after that of the first one. */
  readonly further?: Readonly<Record<string, { readonly size: number; readonly [key: string]: unknown }>>
  readonly env?: Readonly<Record<string, string>>
}

/** Call it at the top of a test file: it removes what it made when the file's tests are over. */
export async function testManager(name: string, options: ManagerOptions): Promise<TestManager> {
  const [manager] = await testManagers(name, 1, options)
  assert.ok(manager)
  return manager
}

/** Several that share a berth.yml, apart from the address at which they listen, and so a database and a pool. */
export async function testManagers(name: string, count: number, options: ManagerOptions): Promise<TestManager[]> {
  const { instance, pool: poolOfItsOwn } = newInstance(name)
  const pool = options.poolName ?? poolOfItsOwn
  const ports = await reservePorts(count)
  const sshPorts = await sshPortsFor(options.size)
  const further: Record<string, object> = {}
  for (const [suffix, some] of Object.entries(options.further ?? {})) {
    further[`${pool}${suffix}`] = { ssh_ports: (await sshPortsFor(some.size)).slice(0, some.size).join(','), ...some }
  }
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  const config = {
    listen: `127.0.0.1:${ports[0]}`,
    instance,
    auth: 'none',
    ...options.top,
    pools: { [pool]: { size: options.size, ssh_ports: sshPorts.join(','), ...options.pool }, ...further },
  }
  writeFileSync(join(folder, 'berth.yml'), stringify(config))
  const managers = ports.map((port, nth) => {
    const listen = `127.0.0.1:${port}`
    const env = { ...options.env, ...(nth > 0 && { BERTH_LISTEN: listen }) }
    return new TestManager(instance, pool, folder, `http://${listen}`, env)
  })
  after(async () => {
    for (const manager of managers) await manager.kill()
    // A manager leaves its pool as it is when it ends. Anything beside the pool has been forgotten.
    const sizes = [
      [pool, options.size] as const,
      ...Object.entries(options.further ?? {}).map(([suffix, { size }]) => [`${pool}${suffix}`, size] as const),
    ]
    const inDocker = options.poolName === undefined ? '' : `${instance}.`
    const places = sizes.flatMap(([of, size]) =>
      Array.from({ length: size }, (_, index) => `${inDocker}${of}-${index + 1}`),
    )
    rmSync(folder, { recursive: true })
    await removeLeaving(instance, places)
  })
  return managers
}

/** Reserves more ports than one call of `reservePorts` returns. */
async function sshPortsFor(size: number): Promise<number[]> {
  const MOST = 40
  const ports: number[] = []
  while (ports.length < size) ports.push(...(await reservePorts(Math.min(MOST, size - ports.length))))
  return ports
}

export class TestManager {
  readonly instance: string
  readonly pool: string
  readonly folder: string
  readonly url: string
  /** Everything that it has written so far. */
  output = ''
  /** Sent with every request, where one is needed. */
  token: string | undefined
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined

  constructor(instance: string, pool: string, folder: string, url: string, env: Readonly<Record<string, string>>) {
    this.instance = instance
    this.pool = pool
    this.folder = folder
    this.url = url
    this.#env = env
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...readRunCommand().settings, ...this.#env, BERTH_CONFIG: join(this.folder, 'berth.yml') }
  }

  /** Resolves when it serves. With `logFile`, its log is written there instead of into `output`. */
  async start(env: Readonly<Record<string, string>> = {}, logFile?: string): Promise<void> {
    const log = logFile === undefined ? 'pipe' : openSync(logFile, 'a')
    const child = spawn(process.execPath, [...readRunCommand().flags, MAIN], {
      cwd: ROOT,
      env: { ...this.environment, ...env },
      stdio: ['ignore', 'pipe', log],
    })
    if (typeof log === 'number') closeSync(log)
    this.#child = child
    this.output = ''
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
    const serving = Promise.withResolvers<void>()
    for (const stream of streams) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    child.stdout?.on('data', () => this.output.includes('serving') && serving.resolve())
    child.once('exit', (code) => serving.reject(new Error(`the manager ended with ${code}:\n${this.output}`)))
    await serving.promise
    // Hooks of a file run once nothing else keeps its process alive: the manager that they are to end must not.
    child.unref()
    for (const stream of streams) if ('unref' in stream) (stream as Socket).unref()
  }

  /** Starts for the first time, and sends the admin token that it prints with every request. */
  async startWithToken(): Promise<string> {
    await this.start()
    await this.shows(/BERTH_TOKEN=\S+\n/)
    this.token = /BERTH_TOKEN=(\S+)/.exec(this.output)?.[1]
    return this.token ?? assert.fail(this.output)
  }

  /** Waits until its output has this. */
  async shows(text: RegExp): Promise<void> {
    await eventually(async () => text.test(this.output))
  }

  /** Returns the latest problems, for the message of a failing test. */
  warnings(): string {
    const lines = this.output.split('\n').filter((line) => /"level":"(warn|error)"/.test(line))
    return lines.slice(-40).join('\n')
  }

  /** SIGKILL, as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** Resolves with true when it has ended for any reason. */
  async died(): Promise<true> {
    const child = this.#child
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return true
  }

  /** Sends Ctrl-C. Returns the exit code and how long it took, in milliseconds. */
  async interrupt(): Promise<{ code: number | null; ms: number }> {
    const began = performance.now()
    const code = await this.#end('SIGINT')
    return { code, ms: performance.now() - began }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    child.removeAllListeners('exit')
    child.ref()
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }

  async get<T = unknown>(path: string): Promise<{ status: number; body: T; headers: Headers }> {
    return this.getAs(this.token, path)
  }

  async getAs<T = unknown>(
    token: string | undefined,
    path: string,
  ): Promise<{ status: number; body: T; headers: Headers }> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(this.url + path, { headers })
    return { status: response.status, body: (await response.json()) as T, headers: response.headers }
  }

  async send(method: 'POST' | 'PATCH', path: string, body: object): Promise<{ status: number; body: unknown }> {
    const headers = {
      'content-type': 'application/json',
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    }
    const response = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) })
    return { status: response.status, body: await response.json() }
  }

  /** Reserves; throws if that fails. */
  async reserve(parameters: Readonly<Record<string, string | number>>): Promise<Reserved> {
    const query = new URLSearchParams(
      Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]),
    )
    const { status, body } = await this.get<Reserved>(`/reserve?${query}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body
  }

  async containers(): Promise<readonly ContainerView[]> {
    return (await this.get<{ containers: ContainerView[] }>('/v1/containers')).body.containers
  }

  /** Waits until the containers satisfy the condition; after a minute, throws with their states. */
  async until(what: string, isSo: (containers: readonly ContainerView[]) => boolean, within = 60_000): Promise<void> {
    const deadline = performance.now() + within
    for (;;) {
      const containers = await this.containers()
      if (containers.length > 0 && isSo(containers)) return
      // Without the requests, most of which are those of this loop.
      const log = () => this.output.replace(/^.*"msg":"GET .*\n/gm, '')
      if (performance.now() > deadline) assert.fail(`${what}: ${JSON.stringify(containers)}\n${log()}`)
      await sleep(50)
    }
  }

  async untilReady(): Promise<void> {
    await this.until('all ready', (containers) => containers.every((c) => c.state === 'ready'))
  }
}
