/** Agents and relays in pods, which are reached by attaching to the main process. */
import { AGENT_VERSION } from '../guest/agent.ts'
import type { GuestHost } from '../guest/guest-host.ts'
import { idOf } from './pods/id.ts'
import { AGENT_ANNOTATION, CHECKED_ANNOTATION, NO_AGENT } from './pods/marks.ts'
import { isRunning } from './pods/observed.ts'
import type { Pods } from './pods/pods.ts'
import type { Pod } from './pods/types.ts'

/**
 * Prints "yes" if the entrypoint of the image has started the agent and the relay, which it does at once. The API does
 * not show the labels of images.
 */
const DETECT = `
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if [ -e /run/berth-listens ] && [ -p /run/berth/requests ]; then echo yes; exit; fi
  sleep 0.1
done`
const DETECT_TIMEOUT_MS = 10_000

export function guestHost(pods: Pods): GuestHost {
  return {
    nameOf: (id) => pods.target(id).pod,
    run: (what, deadlineMs, request) => pods.client.run({ what, deadlineMs }, request),
    attach: (id, signal) => pods.client.attach(pods.target(id), signal),
    isRunning: async (id) => {
      const pod = await pods.find(id)
      return pod !== null && isRunning(pod)
    },
    agentVersion: async (id) => versionOf(await pods.find(id)),
  }
}

/** Returns the version of the agent's protocol in a container; another text if it has no agent. */
export function versionOf(pod: Pod | null): string {
  return pod?.metadata.annotations?.[AGENT_ANNOTATION] ?? ''
}

/**
 * Records in a running pod which container of it was checked, and whether it has an agent. Called before a tenant has
 * access.
 */
export async function markChecked(pods: Pods, pod: Pod): Promise<void> {
  const { name, uid } = pod.metadata
  const request = { command: ['/bin/sh', '-c', DETECT], timeoutMs: DETECT_TIMEOUT_MS }
  const { stdout } = await pods.client.exec(pods.target(idOf(pod)), request, `look for the agent of ${name}`)
  const version = stdout.trim() === 'yes' ? AGENT_VERSION : NO_AGENT
  const checked = pod.status.containerStatuses?.[0]?.containerID ?? ''
  const annotations = { [AGENT_ANNOTATION]: version, [CHECKED_ANNOTATION]: checked }
  const patch = { metadata: { uid, annotations } }
  await pods.client.patch(pods.path(name), 'merge', patch, pods.inspecting(name))
}
