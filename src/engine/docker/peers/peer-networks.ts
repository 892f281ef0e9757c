import { createLimit } from '../../../domain/concurrency.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BerthError } from '../../../domain/errors.ts'
import { addressIn, formatBlock, type Ipv4Block, parseBlock } from '../../../domain/text/ipv4-block.ts'
import type { PeerMember, PeerNetwork } from '../../../ports/engine.ts'
import { DATABASE_LABEL, INSTANCE_LABEL, ORIGIN_LABEL, PEERS_LABEL } from '../../labels.ts'
import type { Docker } from '../api/client.ts'
import { ignoreStatus, unexpectedResponse } from '../api/errors.ts'
import { assertFullId, shortId } from '../api/ids.ts'
import { inspectContainer } from '../api/inspect.ts'
import type { Deadlines, Requests } from '../api/requests.ts'
import type { NetworkInfo } from '../api/types.ts'
import { freeBlocks, memberAddress } from './blocks.ts'
import { peerNetworkOptions, peerNetworksIn } from './spec.ts'

/** Docker sets up connections mostly one at a time, and other work waits for them. */
const MAX_CONCURRENT_CONNECTS = 2
/** Maximum number of blocks to try. Docker also refuses blocks of networks that it has only half removed. */
const MAX_ATTEMPTS = 20
/** Below the 1,023 ports that a bridge of Linux can have. */
const MAX_MEMBERS = 1_000

export interface PeerNetworksOptions {
  readonly instance: string
  /** Labels the networks. */
  readonly mark: DatabaseMark
  /** The addresses that peer networks share. */
  readonly range: Ipv4Block
  readonly deadlines: Deadlines
}

/** A network and its block of addresses. */
interface Found {
  readonly id: string
  readonly block: Ipv4Block
}

/**
 * A Docker network for each reservation of several containers. Rules for pairs of addresses on the network that all
 * containers share would also connect peers. But Docker's `icc` and the isolation of bridge ports would have to be off
 * there, two of the three mechanisms that keep tenants apart.
 */
export class PeerNetworks {
  readonly #docker: Docker
  readonly #requests: Requests
  readonly #options: PeerNetworksOptions
  readonly #limit = createLimit(MAX_CONCURRENT_CONNECTS)

  constructor(docker: Docker, requests: Requests, options: PeerNetworksOptions) {
    this.#docker = docker
    this.#requests = requests
    this.#options = options
  }

  /** Lists the networks of the instance, with members or without. */
  async list(): Promise<PeerNetwork[]> {
    const infos = await this.#requests.run('list the peer networks', this.#options.deadlines.list, (signal) =>
      this.#listInfos([`${INSTANCE_LABEL}=${this.#options.instance}`, PEERS_LABEL], signal),
    )
    return infos.map(({ Id, Labels }) => ({
      id: Id,
      reservation: Labels?.[PEERS_LABEL] ?? '',
      database: Labels?.[DATABASE_LABEL] || null,
      origin: Labels?.[ORIGIN_LABEL] || null,
    }))
  }

  /** See `Engine.connectPeers`. */
  async connect(reservation: string, size: number, members: readonly PeerMember[]): Promise<void> {
    const what = `make the network of reservation ${reservation}`
    const network = await this.#requests.run(what, this.#options.deadlines.create, (signal) =>
      this.#ensure(reservation, size, signal),
    )
    const attempts = members.map((member) =>
      this.#limit(() =>
        this.#requests.run(`connect ${shortId(member.id)} to its peers`, this.#options.deadlines.start, (signal) =>
          this.#connectMember(network, member, signal),
        ),
      ),
    )
    const failed = (await Promise.allSettled(attempts)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  /** See `Engine.removePeerNetwork`. */
  async remove(id: string): Promise<void> {
    await this.#requests.run(`remove the peer network ${shortId(id)}`, this.#options.deadlines.remove, (signal) =>
      this.#docker.delete(`/networks/${assertFullId(id)}`, { signal }).catch(ignoreStatus(404)),
    )
  }

  async #connectMember(
    { id: network, block }: Found,
    { id, position }: PeerMember,
    signal: AbortSignal,
  ): Promise<void> {
    const IPAMConfig = { IPv4Address: addressIn(block, memberAddress(position)) }
    const body = { Container: assertFullId(id), EndpointConfig: { IPAMConfig } }
    try {
      await this.#docker.post(`/networks/${assertFullId(network)}/connect`, { body, signal })
    } catch (error) {
      // 403: it is connected already, or the address is taken.
      ignoreStatus(403)(error)
      const networks = (await inspectContainer(this.#docker, id, signal))?.NetworkSettings.Networks ?? {}
      if (peerNetworksIn(networks, this.#options.instance).length === 0) throw error
    }
  }

  async #ensure(reservation: string, size: number, signal: AbortSignal): Promise<Found> {
    const existing = await this.#find(reservation, signal)
    if (existing !== null) return existing
    if (size > MAX_MEMBERS)
      throw new BerthError(
        'engine_failed',
        `a peer network connects at most ${MAX_MEMBERS} containers, got ${size}; reserve fewer at once`,
      )
    const { instance, mark, range } = this.#options
    const infos = await this.#listInfos([], signal)
    const taken = infos.flatMap(({ IPAM }) =>
      (IPAM?.Config ?? []).flatMap(({ Subnet }) => parseBlock(Subnet ?? '') ?? []),
    )
    for (const block of freeBlocks(range, size, taken).take(MAX_ATTEMPTS)) {
      const body = { ...peerNetworkOptions(instance, reservation, block, mark), CheckDuplicate: true }
      const made = await this.#docker
        .post<{ Id: string }>('/networks/create', { body, signal })
        .catch(ignoreStatus(403, 409))
      if (made) return { id: made.Id, block }
      // Another manager has made it, or Docker refuses the block: a network that it does not list overlaps.
      const found = await this.#find(reservation, signal)
      if (found !== null) return found
    }
    throw new BerthError(
      'engine_failed',
      `no addresses for ${size} containers are free in ${formatBlock(range)}: set "peer_networks" in berth.yml to a ` +
        'larger block, or to one that no other network uses',
    )
  }

  /** Docker 20.10 may make two networks of one name at the same time. All managers choose the same one of them. */
  async #find(reservation: string, signal: AbortSignal): Promise<Found | null> {
    const { instance } = this.#options
    const infos = await this.#listInfos([`${INSTANCE_LABEL}=${instance}`, `${PEERS_LABEL}=${reservation}`], signal)
    const [first] = infos.toSorted((a, b) => (a.Id < b.Id ? -1 : 1))
    if (first === undefined) return null
    const block = parseBlock(first.IPAM?.Config?.[0]?.Subnet ?? '')
    if (block === null) throw unexpectedResponse()
    return { id: first.Id, block }
  }

  async #listInfos(labels: readonly string[], signal: AbortSignal): Promise<readonly NetworkInfo[]> {
    const query = labels.length === 0 ? {} : { filters: { label: labels } }
    const infos = await this.#docker.get<readonly NetworkInfo[]>('/networks', { query, signal })
    if (!Array.isArray(infos)) throw unexpectedResponse()
    return infos
  }
}
