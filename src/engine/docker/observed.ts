import type { Observed } from '../../core/ports.ts'
import { readLabels } from '../labels.ts'
import type { ContainerInfo, ContainerInspectInfo } from './answers.ts'

/** sshd's port inside the container. */
const SSH = 22

const STATES: readonly Observed['state'][] = [
  'created',
  'running',
  'paused',
  'restarting',
  'exited',
  'removing',
  'dead',
]

/** An entry of Docker's list; null when it is not a container of this instance. */
export function fromList(info: ContainerInfo, instance: string): Observed | null {
  const labels = readLabels(info.Labels, instance)
  const port = info.Ports.find(({ PrivatePort }) => PrivatePort === SSH)?.PublicPort ?? null
  return labels && { id: info.Id, ...labels, port, state: stateOf(info.State), createdAt: info.Created * 1000 }
}

/** The same facts out of Docker's inspect. Cut to seconds, as lists are, so that one container always has one age. */
export function fromInspect(info: ContainerInspectInfo, instance: string): Observed | null {
  const labels = readLabels(info.Config.Labels ?? {}, instance)
  const createdAt = Math.floor(Date.parse(info.Created) / 1000) * 1000
  const [published] = info.NetworkSettings.Ports[`${SSH}/tcp`] ?? []
  const port = published === undefined ? null : Number(published.HostPort)
  return labels && { id: info.Id, ...labels, port, state: stateOf(info.State.Status), createdAt }
}

/** A state that no Docker has had so far is as good as dead: not to be lent out. */
function stateOf(text: string): Observed['state'] {
  return STATES.find((state) => state === text) ?? 'dead'
}
