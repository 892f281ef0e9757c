/** Pods of no tenant, by which is shown that policies are enforced. They are made as containers are. */
import { randomBytes } from 'node:crypto'
import type { ContainerSpec, Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BOX_IMAGE } from '../../../domain/pool.ts'
import { INSTANCE_LABEL } from '../../labels.ts'
import { deletePod } from '../pods/end.ts'
import { idOf } from '../pods/id.ts'
import { podManifest } from '../pods/manifest.ts'
import { REACH_LABEL } from '../pods/marks.ts'
import type { Pods } from '../pods/pods.ts'
import { waitUntilRunning } from '../pods/start.ts'
import type { Pod } from '../pods/types.ts'
import { DIGEST_ANNOTATION, type Manifest, withDigest } from './manifests.ts'

/** `canary`: stays, and must not be reached. `probe`: tries to reach it once. */
type Role = 'canary' | 'probe'

/** Has the role. The label of a container is absent, so that it is none of ours. */
const ROLE_LABEL = 'berth.canary'
const NAME = 'berth-canary'
/** Time after which the kubelet ends a probe that a killed manager has left. */
const PROBE_LIFETIME_S = 120

export interface CanaryOptions {
  readonly instance: string
  /** By default that of pools. */
  readonly canaryImage?: string
  readonly database: DatabaseMark
}

export class Canaries {
  readonly #pods: Pods
  readonly #options: CanaryOptions

  constructor(pods: Pods, options: CanaryOptions) {
    this.#pods = pods
    this.#options = options
  }

  /** Returns the canary that is up; null if there is none. */
  async standing(): Promise<Pod | null> {
    return (await this.#list('canary')).find((pod) => this.#isStanding(pod)) ?? null
  }

  /** Returns the canary, which is made unless one is up. Removes those that have ended, and what earlier probes left. */
  async ensure(): Promise<Pod> {
    const found = await this.#list('canary')
    const standing = found.find((pod) => this.#isStanding(pod))
    const leftovers = [
      ...found.filter((pod) => pod !== standing && !this.#isStarting(pod)),
      ...(await this.#list('probe')),
    ]
    for (const pod of leftovers) await this.remove(pod)
    if (standing) return standing
    const starting = found.find((pod) => this.#isStarting(pod)) ?? (await this.#make('canary', 'none'))
    return waitUntilRunning(this.#pods, idOf(starting))
  }

  /** Makes a pod of this reach, and resolves when it runs. */
  async startProbe(reach: Reach): Promise<Pod> {
    const pod = await this.#make('probe', reach)
    try {
      return await waitUntilRunning(this.#pods, idOf(pod))
    } catch (error) {
      await this.remove(pod)
      throw error
    }
  }

  async remove(pod: Pod): Promise<void> {
    if (pod.metadata.deletionTimestamp === undefined)
      await deletePod(this.#pods, idOf(pod), this.#pods.deadlines.remove)
  }

  #list(role: Role): Promise<Pod[]> {
    return this.#pods.list(`${INSTANCE_LABEL}=${this.#options.instance},${ROLE_LABEL}=${role}`)
  }

  async #make(role: Role, reach: Reach): Promise<Pod> {
    const manifest = this.#manifest(role, reach)
    const call = { what: `create ${manifest.metadata.name}`, deadlineMs: this.#pods.deadlines.create }
    return this.#pods.client.create<Pod>(this.#pods.path(), manifest, call)
  }

  /** Each has a name of its own: the object of one on a lost node stays. */
  #manifest(role: Role, reach: Reach): Manifest {
    const { instance, canaryImage: image = BOX_IMAGE, database: mark } = this.#options
    const { spec } = podManifest(specOf(instance, image, reach), { mark, nameservers: [] }) as { spec: object }
    const labels = { [INSTANCE_LABEL]: instance, [ROLE_LABEL]: role, [REACH_LABEL]: reach }
    const name = `berth-${role}-${randomBytes(4).toString('hex')}`
    return withDigest({ metadata: { name, labels }, spec: role === 'probe' ? { ...spec, ...PROBE_SPEC } : spec })
  }

  /** Whether it is up: a pod on a lost node is not ready. */
  #isStanding(pod: Pod): boolean {
    const isReady = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return isReady === true && this.#isWanted(pod)
  }

  #isStarting(pod: Pod): boolean {
    return pod.status.phase === 'Pending' && this.#isWanted(pod)
  }

  #isWanted({ metadata }: Pod): boolean {
    const wanted = this.#manifest('canary', 'none').metadata as { annotations?: Record<string, string> }
    const isSame = metadata.annotations?.[DIGEST_ANNOTATION] === wanted.annotations?.[DIGEST_ANNOTATION]
    return isSame && metadata.deletionTimestamp === undefined
  }
}

/** Beside the canary's node, if there is another one: traffic between nodes takes another path than that within one. */
const PROBE_SPEC = {
  activeDeadlineSeconds: PROBE_LIFETIME_S,
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { [ROLE_LABEL]: 'canary' satisfies Role } },
          },
        },
      ],
    },
  },
}

function specOf(instance: string, image: string, reach: Reach): ContainerSpec {
  return {
    instance,
    pool: NAME,
    name: NAME,
    generation: null,
    image,
    bind: '',
    memory: 64 * 1024 * 1024,
    shm: 1024 * 1024,
    cpus: 0.1,
    pids: 32,
    sudo: false,
    reach,
    disk: null,
    runtime: null,
  }
}
