/** Times of what happened to each pod, from a watch of the API server and from events of the nodes' Docker engines. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_ANNOTATION } from '../../../src/engine/kubernetes/pods/marks.ts'
import { isGone, isRunning } from '../../../src/engine/kubernetes/pods/observed.ts'
import type { Pod } from '../../../src/engine/kubernetes/pods/types.ts'
import { buildPrograms, type Cluster } from '../cluster.ts'
import { now } from './lending.ts'

/**
 * `started` and `died` are times of Docker. The others are those at which the API server shows them: `gone` when the
 * kubelet has reported the end, `removed` when the object is deleted.
 */
type Moment = 'created' | 'scheduled' | 'started' | 'running' | 'checked' | 'died' | 'gone' | 'removed'

const TIMEOUT_MS = 60_000
const POLL_MS = 5

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: Pod
}

export class PodTimes {
  readonly #times = new Map<string, Partial<Record<Moment, number>>>()
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

  /** Returns the time in epoch milliseconds, or NaN if it has not happened. */
  at(pod: string, moment: Moment): number {
    return this.#times.get(pod)?.[moment] ?? Number.NaN
  }

  /** Waits until it has happened, and returns the time in epoch milliseconds. */
  async until(pod: string, moment: Moment): Promise<number> {
    const deadline = performance.now() + TIMEOUT_MS
    while (Number.isNaN(this.at(pod, moment))) {
      if (performance.now() > deadline) throw new Error(`${pod} is not ${moment} after ${TIMEOUT_MS / 1_000} s`)
      await sleep(POLL_MS)
    }
    return this.at(pod, moment)
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
    const seenAt = now()
    const { name, annotations = {} } = pod.metadata
    this.#record(name, 'created', seenAt)
    if (pod.spec.nodeName !== undefined) this.#record(name, 'scheduled', seenAt)
    if (isRunning(pod)) this.#record(name, 'running', seenAt)
    if (annotations[AGENT_ANNOTATION] !== undefined) this.#record(name, 'checked', seenAt)
    if (isGone(pod) || type === 'DELETED') this.#record(name, 'gone', seenAt)
    if (type === 'DELETED') this.#record(name, 'removed', seenAt)
  }

  /** Reads a line of `docker events`. The third part of a name such as "k8s_box_alpine-1-g4_berth_UID_0" is the pod. */
  #takeLine(line: string): void {
    const [nanoseconds, action, name = ''] = line.split(' ')
    const [, container, pod = ''] = name.split('_')
    if (container !== 'box' || (action !== 'start' && action !== 'die')) return
    this.#record(pod, action === 'start' ? 'started' : 'died', Number(nanoseconds) / 1e6)
  }

  /** Keeps the first time. */
  #record(pod: string, moment: Moment, at: number): void {
    const times = this.#times.get(pod) ?? {}
    times[moment] ??= at
    this.#times.set(pod, times)
  }
}
