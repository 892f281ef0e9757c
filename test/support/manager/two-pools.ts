/**
 * A manager with two pools: something happens to one of them, and whoever holds a container of the other must not
 * notice.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after } from 'node:test'
import { stringify } from 'yaml'
import type { Diagnosis } from '../../../src/doctor.ts'
import { testBerth } from './berth.ts'
import { docker as sharedDocker } from '../../../lab/docker.ts'
import { newInstance, removeLeaving } from '../../../lab/instance.ts'
import { type ContainerView, type Reserved, TestManager } from '../../../lab/manager.ts'
import { reservePorts } from '../../../lab/ports.ts'
import type { PrivateEngine } from '../engine/private-engine.ts'
import { type Login, login, type Session } from '../ssh.ts'

interface TwoPoolsOptions {
  /** Of the pool that something happens to. */
  readonly size: number
  /** The machine's Docker without it. */
  readonly engine?: PrivateEngine
  /** For DOCKER_HOST, where it is not the engine's own address. */
  readonly address?: string
  /** Keys of berth.yml for the pool that something happens to. */
  readonly pool?: object
  /** Where berth.yml and the database are; a new folder without it. */
  readonly folder?: string
}

/** Call it at the top of a test file, like `testManager`. */
export async function twoPools(name: string, options: TwoPoolsOptions): Promise<TwoPools> {
  const { size, engine, folder = mkdtempSync(join(tmpdir(), `${name}-`)) } = options
  const { instance } = newInstance(name)
  const [port = 0, aside = 0, ...sshPorts] = await reservePorts(size + 2)
  const pool = instance
  const bystander = `${instance}-other`
  const config = {
    listen: `127.0.0.1:${port}`,
    instance,
    auth: 'none',
    ...(engine && { ssh: { bind: engine.host } }),
    pools: {
      [pool]: { size, ssh_ports: sshPorts.join(','), duration: { default: '60m', max: '24h' }, ...options.pool },
      [bystander]: { size: 1, ssh_ports: String(aside) },
    },
  }
  writeFileSync(join(folder, 'berth.yml'), stringify(config))
  const address = options.address ?? engine?.address
  const env = { ...(address !== undefined && { DOCKER_HOST: address }) }
  const manager = new TestManager(instance, pool, folder, `http://127.0.0.1:${port}`, env)
  const berth = testBerth({ ...env, BERTH_CONFIG: join(folder, 'berth.yml') })
  after(async () => {
    await manager.kill()
    if (options.folder === undefined) rmSync(folder, { recursive: true })
    const places = sshPorts.map((_, index) => `${pool}-${index + 1}`)
    if (!engine) await removeLeaving(instance, [...places, `${bystander}-1`])
  })
  const docker = engine ? (...args: string[]) => engine.docker(...args) : sharedDocker
  return new TwoPools(manager, bystander, { docker, host: engine?.host ?? '127.0.0.1', diagnose })

  async function diagnose(): Promise<Diagnosis> {
    const { stdout, stderr } = await berth.run('doctor', '--json')
    assert.ok(stdout !== '', stderr)
    return JSON.parse(stdout) as Diagnosis
  }
}

interface Around {
  readonly docker: (...args: string[]) => Promise<string>
  readonly host: string
  readonly diagnose: () => Promise<Diagnosis>
}

interface V1Reservation {
  readonly state: string
  readonly reason: string | null
}

export class TwoPools {
  readonly manager: TestManager
  /** Name of the pool that nothing happens to. */
  readonly bystander: string
  readonly docker: Around['docker']
  readonly host: string
  readonly #around: Around

  constructor(manager: TestManager, bystander: string, around: Around) {
    this.manager = manager
    this.bystander = bystander
    this.docker = around.docker
    this.host = around.host
    this.#around = around
  }

  place(number: number): string {
    return `${this.manager.pool}-${number}`
  }

  loginsOf({ username, password, containers }: Reserved): Login[] {
    return containers.map(({ port }) => ({ host: this.host, port, username, password }))
  }

  /** Of a reservation's first container. */
  loginOf(reserved: Reserved): Login {
    const [first] = this.loginsOf(reserved)
    assert.ok(first)
    return first
  }

  async reserve(username: string, more: Readonly<Record<string, string | number>> = {}): Promise<Reserved> {
    return this.manager.reserve({ username, pool: this.manager.pool, ...more })
  }

  /** What a reserve is told that cannot be served. */
  async refusal(username = 'bob'): Promise<{ status: number; error: string }> {
    const { status, body } = await this.manager.get<{ error: string }>(
      `/reserve?username=${username}&pool=${this.manager.pool}`,
    )
    return { status, error: body.error }
  }

  async container(name: string): Promise<ContainerView> {
    const found = (await this.manager.containers()).find((c) => c.name === name)
    assert.ok(found, `no ${name}`)
    return found
  }

  /** Everything but what the bystander's holder has. */
  async untilReady(within?: number): Promise<void> {
    await this.manager.until(
      'all ready',
      (all) => all.filter((c) => !c.name.startsWith(this.bystander)).every((c) => c.state === 'ready'),
      within,
    )
  }

  /** Whoever holds containers of the pool that something happens to. */
  async releaseAll(): Promise<number> {
    return this.#release({ pool: this.manager.pool })
  }

  async release(username: string): Promise<number> {
    return this.#release({ username })
  }

  async #release(which: object): Promise<number> {
    const { status } = await fetch(`${this.manager.url}/v1/release-all`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(which),
    })
    return status
  }

  /**
   * Brings the end of a reservation near, by its row: the shortest that can be had lasts a minute. Gives the time of
   * it.
   */
  expireSoon(username: string, ms: number): number {
    const database = new DatabaseSync(join(this.manager.folder, 'containers.db'), { timeout: 5_000 })
    try {
      const at = Date.now() + ms
      const sql = "UPDATE reservations SET expires_at = ? WHERE username = ? AND state = 'active'"
      assert.equal(database.prepare(sql).run(at, username).changes, 1, 'one reservation ends sooner')
      return at
    } finally {
      database.close()
    }
  }

  /** Engine id, state and start of what runs under this name now. */
  async running(name: string): Promise<string> {
    return this.docker('inspect', '--format', '{{.Id}} {{.State.Status}} {{.State.StartedAt}}', name)
  }

  /** Holds the other pool's container, with a session that stays open. */
  async holdBystander(): Promise<Bystander> {
    const held = await this.manager.reserve({ username: 'bystander', pool: this.bystander, duration: 600 })
    const session = await login(this.loginOf(held))
    const name = `${this.bystander}-1`
    const [before, { generation }] = [await this.running(name), await this.container(name)]
    return {
      name,
      login: this.loginOf(held),
      session,
      untouched: async () => {
        assert.equal((await session.exec('whoami')).stdout, 'bystander', 'who is in stays in')
        assert.equal(await this.running(name), before, 'the same container, never restarted')
        const { state, generation: now, error } = await this.container(name)
        assert.deepEqual({ state, now, error }, { state: 'reserved', now: generation, error: null })
      },
    }
  }

  async soundly(): Promise<void> {
    const { findings } = await this.#around.diagnose()
    assert.deepEqual(findings, [], 'berth doctor finds nothing')
  }

  async reservation(username: string): Promise<V1Reservation | undefined> {
    const { body } = await this.manager.get<{ reservations: V1Reservation[] }>(`/v1/reservations?username=${username}`)
    return body.reservations[0]
  }
}

export interface Bystander {
  /** Of its container. */
  readonly name: string
  readonly login: Login
  readonly session: Session
  /** The same engine id, running since the same moment, the same generation, and the session is still open. */
  untouched(): Promise<void>
}
