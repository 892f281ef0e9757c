/** When what happened to each pod, by a watch of the API server and by events of the Docker engines of the nodes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_ANNOTATION } from '../../../src/engine/kubernetes/pods/marks.ts'
import { isGone, isRunning } from '../../../src/engine/kubernetes/pods/observed.ts'
import type { Pod } from '../../../src/engine/kubernetes/pods/types.ts'
import { buildPrograms, type Cluster } from '../cluster.ts'

/** `started` and `died` are Docker's, the other ones what the API server shows. */
export type Mark = 'created' | 'scheduled' | 'started' | 'running' | 'checked' | 'died' | 'gone' | 'removed'

const WITHIN_MS = 60_000
const POLL_MS = 5

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Pod
}

export class PodTimes {
  readonly #times = new Map<string, Partial<Record<Mark, number>>>()
  readonly #children: ChildProcess[] = []

  static async follow(cluster: Cluster): Promise<PodTimes> {
    const followed = new PodTimes()
    const kubectl = join(await buildPrograms(), 'kubectl')
    const watch = ['get', 'pods', '--all-namespaces', '--watch', '--output-watch-events', '--output=json']
    followed.#read(kubectl, ['--kubeconfig', cluster.kubeconfig, ...watch], (line) =>
      followed.#takeEvent(JSON.parse(line) as WatchEvent),
    )
    for (const { docker } of cluster.nodes) {
      const format = '{{.TimeNano}} {{.Action}} {{.Actor.Attributes.name}}'
      followed.#read('docker', ['--host', docker, 'events', '--format', format], (line) => followed.#takeLine(line))
    }
    return followed
  }

  /** Returns the time, epoch milliseconds; NaN if it has not happened. */
  at(pod: string, mark: Mark): number {
    return this.#times.get(pod)?.[mark] ?? Number.NaN
  }

  async until(pod: string, mark: Mark): Promise<number> {
    const deadline = performance.now() + WITHIN_MS
    while (Number.isNaN(this.at(pod, mark))) {
      if (performance.now() > deadline) throw new Error(`${pod} is not ${mark} after ${WITHIN_MS / 1_000} s`)
      await sleep(POLL_MS)
    }
    return this.at(pod, mark)
  }

  stop(): void {
    for (const child of this.#children) child.kill()
  }

  #read(program: string, args: readonly string[], onLine: (line: string) => void): void {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    createInterface({ input: child.stdout }).on('line', onLine)
  }

  #takeEvent({ type, object: pod }: WatchEvent): void {
    const now = performance.timeOrigin + performance.now()
    const { name, annotations = {} } = pod.metadata
    this.#mark(name, 'created', now)
    if (pod.spec.nodeName !== undefined) this.#mark(name, 'scheduled', now)
    if (isRunning(pod)) this.#mark(name, 'running', now)
    if (annotations[AGENT_ANNOTATION] !== undefined) this.#mark(name, 'checked', now)
    if (isGone(pod) || type === 'DELETED') this.#mark(name, 'gone', now)
    if (type === 'DELETED') this.#mark(name, 'removed', now)
  }

  /** Of the name, e.g. "k8s_box_alpine-1-g4_berth_UID_0", the pod is the third part. */
  #takeLine(line: string): void {
    const [nanoseconds, action, name = ''] = line.split(' ')
    const [, container, pod = ''] = name.split('_')
    if (container !== 'box' || (action !== 'start' && action !== 'die')) return
    this.#mark(pod, action === 'start' ? 'started' : 'died', Number(nanoseconds) / 1e6)
  }

  #mark(pod: string, mark: Mark, at: number): void {
    const times = this.#times.get(pod) ?? {}
    times[mark] ??= at
    this.#times.set(pod, times)
  }
}
