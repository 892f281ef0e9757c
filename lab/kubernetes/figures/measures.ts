/** The measurements, each of which uses one installation. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubernetesClient } from '../../../src/engine/kubernetes/api/client.ts'
import { podName } from '../../../src/engine/kubernetes/pods/id.ts'
import { IMAGE, type Installation } from './installation.ts'
import { end, lend, type Lent, now, untilReady } from './lending.ts'
import type { PodTimes } from './pod-times.ts'
import type { Durations } from './durations.ts'

/** Time between two reservations that expire, so that their ends do not overlap. */
const EXPIRY_STEP_MS = 700
/**
 * Time between lending and ending. A kubelet handles the changes of a pod one after another, each with states that it
 * reads once per second. So a pod that is deleted right after it was lent dies later.
 */
const SETTLED_MS = 3_000
const RAW_DEADLINE_MS = 30_000
const RAW_PODS = '/api/v1/namespaces/default/pods'

/** Measures a reservation and its login, while nothing else happens. */
export async function measureLogin(on: Installation, times: Durations, turn: number): Promise<Lent> {
  const lent = await lend(on, turn)
  times.add('reserve: request to answer', lent.answeredAfter)
  times.add('reserve to login: request to the first output of a command', lent.loggedInAfter)
  return lent
}

/**
 * Measures the end of a reservation, until the next generation of its container is ready. One other container stays
 * reserved meanwhile.
 */
export async function measureEnd(
  on: Installation,
  pods: PodTimes,
  lent: Lent,
  { times, steps, turn }: { readonly times: Durations; readonly steps: Durations; readonly turn: number },
): Promise<void> {
  const began = now()
  times.add('end: request to answer', (await end(on, lent, turn)) - began)
  times.add('end to no access: request until the open session is closed', (await lent.closed) - began)
  const ready = await untilReady(on, on.size - 1)
  const [used, fresh] = podsOf(lent)
  const died = pods.at(used, 'died')
  times.add('end to the death of all processes in the container', died - began)
  times.add('recycle: request to a fresh container that is ready', ready - began)
  const moments: [string, number][] = [
    ['end requested → all processes are dead', died],
    ['→ the kubelet has reported that', pods.at(used, 'gone')],
    ['→ the next pod is created', pods.at(fresh, 'created')],
    ['→ it is scheduled', pods.at(fresh, 'scheduled')],
    ['→ Docker has started its container', pods.at(fresh, 'started')],
    ['→ the kubelet has reported that', pods.at(fresh, 'running')],
    ['→ its isolation is shown', pods.at(fresh, 'checked')],
    ['→ ready', ready],
  ]
  moments.reduce((before, [what, at], nth) => {
    steps.add(`${nth + 1}. ${what}`, at - before)
    return at
  }, began)
}

/** Measures the start of a pod without Berth, of the same image. */
export async function measurePodStart(
  client: KubernetesClient,
  pods: PodTimes,
  times: Durations,
  name: string,
): Promise<void> {
  const container = { name: 'box', image: IMAGE, imagePullPolicy: 'Never', stdin: true }
  const spec = { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] }
  const began = now()
  await client.create(RAW_PODS, { metadata: { name }, spec }, { what: name, deadlineMs: RAW_DEADLINE_MS })
  times.add('pod alone: creation until the kubelet reports that it runs', (await pods.until(name, 'running')) - began)
}

/** Measures the deletion of such a pod. Call it some seconds after its start, with which the kubelet is busy. */
export async function measurePodDeletion(
  client: KubernetesClient,
  pods: PodTimes,
  times: Durations,
  name: string,
): Promise<void> {
  const began = now()
  await client.delete(`${RAW_PODS}/${name}`, {}, { what: name, deadlineMs: RAW_DEADLINE_MS })
  times.add('pod alone: deletion to the death of all its processes', (await pods.until(name, 'died')) - began)
  times.add('pod alone: deletion until the kubelet has reported that', (await pods.until(name, 'gone')) - began)
  times.add('pod alone: deletion until its object is gone', (await pods.until(name, 'removed')) - began)
}

/** Measures reservations of a minute, one for each container, which expire one after another. */
export async function measureExpiries(on: Installation, times: Durations): Promise<void> {
  const lents: Lent[] = []
  for (let turn = 0; turn < on.size; turn += 1) {
    lents.push(await lend(on, turn, '1m'))
    await sleep(EXPIRY_STEP_MS)
  }
  const late = await Promise.all(lents.map(async ({ closed, expiresAt }) => (await closed) - expiresAt))
  for (const ms of late) times.add('expiry: `expires_at` until the open session is closed', ms)
  await untilReady(on, on.size)
}

/** Measures the ends of reservations of all containers at once. */
export async function measureBurst(on: Installation, pods: PodTimes, times: Durations): Promise<void> {
  const lents: Lent[] = []
  for (let turn = 0; turn < on.size; turn += 1) lents.push(await lend(on, turn))
  await sleep(SETTLED_MS)
  const began = now()
  const answers = await Promise.all(lents.map((lent, turn) => end(on, lent, turn)))
  const closed = await Promise.all(lents.map((lent) => lent.closed))
  const ready = await untilReady(on, on.size)
  const what = `${on.size} ends at once`
  for (const at of closed) times.add(`${what}: each open session closed`, at - began)
  for (const at of answers) times.add(`${what}: each answer`, at - began)
  for (const lent of lents) times.add(`${what}: each container dead`, pods.at(podsOf(lent)[0], 'died') - began)
  times.add(`${what}: the last session closed`, Math.max(...closed) - began)
  times.add(`${what}: the last answer`, Math.max(...answers) - began)
  times.add(`${what}: all ${on.size} ready again`, ready - began)
}

/** Returns the names of the pod of this generation, and of the next one. */
function podsOf({ slot: name, generation }: Lent): [string, string] {
  return [podName({ name, generation }), podName({ name, generation: generation + 1 })]
}
