/**
 * Labels and annotations of pods. `labelsOf` are annotations, which take any text; labels, whose values are short, are
 * what selectors find pods by.
 */
import type { ContainerSpec } from '../../../domain/container.ts'
import { CONTAINER_LABEL, INSTANCE_LABEL, POOL_LABEL } from '../../labels.ts'

/** Selects the pods of a reach for its NetworkPolicy. */
export const REACH_LABEL = 'berth.reach'
/** "true" from the moment that the container is lent: a drain of its node waits for its end. */
export const HELD_LABEL = 'berth.held'

/** The reservation that the container is or was lent to; empty until then, so that a patch can test it. */
export const LENT_ANNOTATION = 'berth.lent-to'
/** Version of the guest agent's protocol, or NO_AGENT. Written by `start` when the container may be used. */
export const AGENT_ANNOTATION = 'berth.listens'
export const NO_AGENT = 'none'
/** Id in the runtime of the container that `start` has checked. It differs if the node starts the pod again. */
export const CHECKED_ANNOTATION = 'berth.checked-container'
/** Port of the gateways that leads to it. */
export const PORT_ANNOTATION = 'berth.port'

/** `userns` of the pool: "required" or "try". */
export const USERNS_ANNOTATION = 'berth.userns'

/** Returns the selector of an instance's containers. */
export function containersOf(instance: string): string {
  return `${INSTANCE_LABEL}=${instance},${CONTAINER_LABEL}`
}

/** Returns the labels of a container's pod. */
export function selectableLabels({ instance, pool, name, reach }: ContainerSpec): Record<string, string> {
  return { [INSTANCE_LABEL]: instance, [POOL_LABEL]: pool, [CONTAINER_LABEL]: name, [REACH_LABEL]: reach }
}
