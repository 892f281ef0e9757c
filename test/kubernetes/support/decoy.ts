/** Counts attempts to connect to addresses that nothing should connect to, such as those of lost pods. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cluster } from '../../../lab/kubernetes/cluster.ts'
import { NFT } from '../../../lab/kubernetes/enforcer.ts'

const exec = promisify(execFile)
const TABLE = 'berth_decoy'

export class Decoy {
  readonly #cluster: Cluster
  readonly #addresses: readonly string[]

  private constructor(cluster: Cluster, addresses: readonly string[]) {
    this.#cluster = cluster
    this.#addresses = addresses
  }

  /** Routes the addresses to the host of the API server, which refuses the connections. */
  static async place(cluster: Cluster, addresses: readonly string[]): Promise<Decoy> {
    const counting = `ip daddr { ${addresses.join(', ')} } tcp flags & (syn | ack) == syn counter`
    const lines = [`table ip ${TABLE} {`, 'chain input {', 'type filter hook input priority 0;', counting, '}', '}']
    await cluster.run(NFT, lines.join('\n'))
    for (const address of addresses) {
      await cluster.run('ip', 'address', 'add', `${address}/32`, 'dev', 'nodes')
      await exec('ip', ['route', 'add', `${address}/32`, 'via', new URL(cluster.apiServer.url).hostname])
    }
    return new Decoy(cluster, addresses)
  }

  /** Returns the number of attempts so far. */
  async attempts(): Promise<number> {
    const shown = await this.#cluster.run(NFT, 'list', 'table', 'ip', TABLE)
    return Number(/counter packets (\d+)/.exec(shown)?.[1])
  }

  async remove(): Promise<void> {
    for (const address of this.#addresses) {
      await exec('ip', ['route', 'delete', `${address}/32`])
      await this.#cluster.run('ip', 'address', 'delete', `${address}/32`, 'dev', 'nodes')
    }
    await this.#cluster.run(NFT, 'delete', 'table', 'ip', TABLE)
  }
}
