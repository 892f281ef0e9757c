/** The port to what runs the containers of a node. */
import type { Namespaces } from '../namespaces.ts'

export const RUNTIMES = ['docker', 'containerd'] as const
export type RuntimeName = (typeof RUNTIMES)[number]

export interface RuntimePlace {
  /** Name of the node. */
  readonly node: string
  /** Folder of the node; its `run` is /run there. */
  readonly folder: string
  /** Folder of the programs. */
  readonly programs: string
  /** Path of the runtime's log. */
  readonly log: string
  /** Addresses of the node's pods: the first one, which is the node's own among them, and the range. */
  readonly pods: { readonly gateway: string; readonly range: string }
}

export interface Runtime {
  /** Options of the kubelet that make it use this runtime. */
  readonly kubeletOptions: readonly string[]
  /** Starts it in the namespaces of its node. Resolves when it can run pods. */
  start(namespaces: Namespaces): Promise<void>
  /** Copies an image from this machine's Docker. */
  load(image: string): Promise<void>
  /** Returns the names of the containers that run. The name of the pod is in them, between two "_". */
  runningContainers(): Promise<string[]>
}
