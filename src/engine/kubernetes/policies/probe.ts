/** Connections that a policy must block, tried from within a pod. */
import { BerthError } from '../../../domain/errors.ts'
import { SSH_PORT } from '../pods/manifest.ts'
import { idOf } from '../pods/id.ts'
import type { Pods } from '../pods/pods.ts'
import type { Pod } from '../pods/types.ts'

/** An address and port, and what is there. */
export interface Endpoint {
  readonly address: string
  readonly port: number
  readonly what: string
}

/** What a pod could connect to. */
export interface Look {
  /** Whether it reached its own sshd, which shows that the image has the programs that the attempts need. */
  readonly hasSshd: boolean
  readonly reached: readonly Endpoint[]
}

/** Deadline of a connection. Within a cluster it takes milliseconds; each new container waits for the whole time. */
const CONNECT_S = 1
/** All connections are tried at once; the rest of the time is for the API server and the kubelet. */
const EXEC_TIMEOUT_MS = 10_000

/** A refused connection does not count as reached: some plugins refuse in place of a pod that they protect. */
const SCRIPT = `
for target; do
  (timeout ${CONNECT_S} bash -c 'exec 3<>"/dev/tcp/$1"' bash "$target" 2>/dev/null && echo "$target") &
done
wait
`

export async function lookFrom(pods: Pods, pod: Pod, endpoints: readonly Endpoint[]): Promise<Look> {
  const id = idOf(pod)
  const target = pods.target(id)
  const own = pathOf(sshdOf(pod, 'its own sshd'))
  const command = ['bash', '-c', SCRIPT, 'bash', own, ...endpoints.map(pathOf)]
  const request = { command, timeoutMs: EXEC_TIMEOUT_MS }
  const { code, stdout, stderr } = await pods.client.exec(target, request, `try connections of ${target.pod}`)
  if (code !== 0) throw new BerthError('guest_failed', `try connections of ${target.pod}: ${stderr || `code ${code}`}`)
  const lines = new Set(stdout.split('\n'))
  return { hasSshd: lines.has(own), reached: endpoints.filter((endpoint) => lines.has(pathOf(endpoint))) }
}

export function sshdOf({ status }: Pod, what: string): Endpoint {
  return { address: status.podIP ?? '', port: SSH_PORT, what }
}

/** Returns the path below /dev/tcp, as bash understands it. */
function pathOf({ address, port }: Endpoint): string {
  return `${address}/${port}`
}

/** Describes endpoints for people, e.g. "10.42.0.7:22 (sshd of another container)". */
export function describeEndpoints(endpoints: readonly Endpoint[]): string {
  const names = endpoints.map(({ address, port, what }) => {
    const host = address.includes(':') ? `[${address}]` : address
    return `${host}:${port} (${what})`
  })
  return names.join(', ')
}
