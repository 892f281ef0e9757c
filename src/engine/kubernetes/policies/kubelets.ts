/** Addresses of kubelets, which no container with limited reach may connect to. */
import { isReady } from '../api/ready.ts'
import type { Nodes } from '../nodes/nodes.ts'
import type { Node } from '../nodes/types.ts'
import type { Endpoint } from './probe.ts'

const KUBELET_PORT = 10_250
/** A list of the nodes is used for this long, so that not every start of a container needs one. */
const RECENT_MS = 30_000

/** Returns the kubelet of another node; an empty list if no other node is ready. */
export async function kubeletBeside(nodes: Nodes, nodeName: string | undefined): Promise<Endpoint[]> {
  const others = (await nodes.listed(RECENT_MS)).filter((node) => node.metadata.name !== nodeName && isReady(node))
  const what = 'kubelet of another node'
  const endpoints = others
    .flatMap((node) => addressOf(node) ?? [])
    .map((address) => ({ address, port: KUBELET_PORT, what }))
  return endpoints.slice(0, 1)
}

function addressOf({ status }: Node): string | undefined {
  return status.addresses?.find(({ type }) => type === 'InternalIP')?.address
}
