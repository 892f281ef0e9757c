/** Pods that show whether policies are enforced. They are made like containers, and never lent. */
import { createHash, randomBytes } from 'node:crypto'
import type { ContainerSpec, Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { BOX_IMAGE } from '../../../domain/pool.ts'
import type { Clock } from '../../../ports/clock.ts'
import { INSTANCE_LABEL } from '../../labels.ts'
import { isReady } from '../api/ready.ts'
import { deletePod } from '../pods/end.ts'
import { idOf } from '../pods/id.ts'
import { podManifest } from '../pods/manifest.ts'
import { REACH_LABEL } from '../pods/marks.ts'
import { Pods } from '../pods/pods.ts'
import { waitUntilRunning } from '../pods/start.ts'
import type { Pod } from '../pods/types.ts'
import type { Manifest } from './manifests.ts'

/** `canary`: stays, and must not be reached. `probe`: tries to reach it once. */
type Role = 'canary' | 'probe'

/** Its value is the role. These pods lack the label of containers, so listings of containers leave them out. */
const ROLE_LABEL = 'berth.canary'
/** Digest of what a pod was made from. */
const DIGEST_ANNOTATION = 'berth.digest'
const NAME = 'berth-canary'
/** Time after which the kubelet ends a probe that a killed manager has left. */
const PROBE_LIFETIME_S = 600
/** Maximum time until such a pod runs, for each attempt: the manager lists no containers meanwhile. */
const START_MS = 20_000

export interface CanaryOptions {
  readonly instance: string
  /** By default `berth/box`. */
  readonly canaryImage?: string
  readonly database: DatabaseMark
  readonly clock: Clock
}

export class Canaries {
  readonly #pods: Pods
  readonly #options: CanaryOptions

  constructor(pods: Pods, options: CanaryOptions) {
    this.#pods = new Pods(pods.client, pods.namespace, { ...pods.deadlines, start: START_MS })
    this.#options = options
  }

  /** Returns the canary that is up; null if there is none. */
  async standing(): Promise<Pod | null> {
    return (await this.#list('canary')).find((pod) => this.#isStanding(pod)) ?? null
  }

  /** Returns the canary, which is made unless one is up. Removes those that have ended. */
  async ensureCanary(): Promise<Pod> {
    const found = await this.#list('canary')
    const standing = found.find((pod) => this.#isStanding(pod))
    return standing ?? this.#start('canary', 'none', found)
  }

  /** Makes a pod of this reach, and resolves when it runs. Removes what earlier ones have left. */
  async startProbe(reach: Reach): Promise<Pod> {
    return this.#start('probe', reach, await this.#list('probe'))
  }

  async remove(pod: Pod): Promise<void> {
    if (pod.metadata.deletionTimestamp === undefined)
      await deletePod(this.#pods, idOf(pod), this.#pods.deadlines.remove)
  }

  /** A pod that waits for its image goes on with that, and runs at a later attempt. */
  async #start(role: Role, reach: Reach, found: readonly Pod[]): Promise<Pod> {
    const { digest } = this.#manifest(role, reach)
    const starting = found.find((pod) => pod.status.phase === 'Pending' && hasDigest(pod, digest))
    for (const pod of found) if (pod !== starting) await this.remove(pod)
    const id = idOf(starting ?? (await this.#make(role, reach)))
    return waitUntilRunning(this.#pods, id, this.#options.clock)
  }

  #list(role: Role): Promise<Pod[]> {
    return this.#pods.list(`${INSTANCE_LABEL}=${this.#options.instance},${ROLE_LABEL}=${role}`)
  }

  async #make(role: Role, reach: Reach): Promise<Pod> {
    const { manifest } = this.#manifest(role, reach)
    const call = { what: `create ${manifest.metadata.name}`, deadlineMs: this.#pods.deadlines.create }
    return this.#pods.client.create<Pod>(this.#pods.path(), manifest, call)
  }

  /** Each has a name of its own: the object of one on a lost node stays. */
  #manifest(role: Role, reach: Reach): { manifest: Manifest; digest: string } {
    const { instance, canaryImage: image = BOX_IMAGE, database: mark } = this.#options
    const { spec } = podManifest(specOf(instance, image, reach), { mark, nameservers: [] }) as { spec: object }
    const labels = { [INSTANCE_LABEL]: instance, [ROLE_LABEL]: role, [REACH_LABEL]: reach }
    const name = `berth-${role}-${randomBytes(4).toString('hex')}`
    const whole = { labels, spec: role === 'probe' ? { ...spec, ...PROBE_SPEC } : spec }
    const digest = digestOf(whole)
    const metadata = { name, labels, annotations: { [DIGEST_ANNOTATION]: digest } }
    return { manifest: { metadata, spec: whole.spec }, digest }
  }

  /** Whether it is up: a pod on a lost node is not ready. */
  #isStanding(pod: Pod): boolean {
    return isReady(pod) && hasDigest(pod, this.#manifest('canary', 'none').digest)
  }
}

/** Whether it was made as it would be made now, and is not being deleted. */
function hasDigest({ metadata: { annotations, deletionTimestamp } }: Pod, digest: string): boolean {
  return deletionTimestamp === undefined && annotations?.[DIGEST_ANNOTATION] === digest
}

function digestOf(made: object): string {
  return createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16)
}

/** Prefers another node than the canary's: traffic between nodes takes another path than traffic within a node. */
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
