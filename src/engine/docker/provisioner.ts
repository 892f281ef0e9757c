import type { ContainerSpec, Reach } from '../../domain/container.ts'
import type { DatabaseMark } from '../../domain/database-mark.ts'
import { BerthError } from '../../domain/errors.ts'
import type { Docker } from './api/client.ts'
import type { Requests, Deadlines } from './api/requests.ts'
import { diskProblem } from './container/disk.ts'
import { ensureFirewall, firewallRun } from './firewall/firewall.ts'
import { ensureNetwork } from './network/network.ts'

/** The instance that an engine object serves. */
export interface InstanceScope {
  readonly instance: string
  /** Returns the reaches that the pools need now. */
  readonly reaches: () => ReadonlySet<Reach>
  /** Labels everything that is made. */
  readonly mark: DatabaseMark
}

/** Makes what an instance's containers need around them: networks and the firewall. */
export class Provisioner {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #scope: InstanceScope
  readonly #deadlines: Deadlines
  /** The run of the firewall whose rules were checked. */
  #checkedRun: string | null = null
  /** Reaches whose networks the latest `provision` made. */
  #provisioned: ReadonlySet<Reach> = new Set()

  constructor(docker: Docker, requests: Requests, scope: InstanceScope, deadlines: Deadlines) {
    this.#docker = docker
    this.#requests = requests
    this.#scope = scope
    this.#deadlines = deadlines
  }

  async provision(): Promise<void> {
    const reaches = this.#scope.reaches()
    await Promise.all([...reaches].map((reach) => this.#ensureNetwork(reach)))
    this.#provisioned = reaches
    // After the networks: the firewall has their bridges filtered.
    await this.#ensureFirewall()
  }

  /**
   * Returns whether there is a network for each reach, and the firewall is still in the run whose rules were checked.
   * If not, a pool needs another reach now, or the firewall was removed, was stopped, or exited because its rules no
   * longer hold.
   */
  async isChecked(): Promise<boolean> {
    if (!this.#scope.reaches().isSubsetOf(this.#provisioned)) return false
    const run = await this.#requests.run('inspect the firewall', this.#deadlines.inspect, (signal) =>
      firewallRun(this.#docker, this.#scope.instance, signal),
    )
    return run !== null && run === this.#checkedRun
  }

  /** See `Engine.diskProblem`. */
  async diskProblem(spec: ContainerSpec): Promise<string | null> {
    return this.#requests.run('check the limit of disks', this.#deadlines.create, (signal) =>
      diskProblem(this.#docker, spec, this.#scope.mark, signal),
    )
  }

  async #ensureNetwork(reach: Reach): Promise<void> {
    await this.#requests.run(`provision the network for reach: ${reach}`, this.#deadlines.create, (signal) =>
      ensureNetwork(this.#docker, { ...this.#scope, reach }, signal),
    )
  }

  async #ensureFirewall(): Promise<void> {
    try {
      this.#checkedRun = await this.#requests.run('provision the firewall', this.#deadlines.create, (signal) =>
        ensureFirewall(this.#docker, this.#scope.instance, signal),
      )
    } catch (error) {
      if (!(error instanceof BerthError) || error.code === 'engine_unavailable') throw error
      const advice = 'Nothing is lent without the firewall: tenants would reach this host, and each other'
      throw new BerthError(error.code, `${error.message}. ${advice}`, { cause: error })
    }
  }
}
