/** The fields of a pod that are read. */
import type { KubernetesObject } from '../api/types.ts'

export interface Pod extends KubernetesObject {
  readonly spec: {
    /** Absent until the pod is scheduled. */
    readonly nodeName?: string
    /** Labels that its node must have. */
    readonly nodeSelector?: Readonly<Record<string, string>>
    readonly containers: readonly { readonly name: string; readonly image: string }[]
  }
  readonly status: PodStatus
}

interface PodStatus {
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  readonly podIP?: string
  /** E.g. "Evicted". */
  readonly reason?: string
  readonly message?: string
  readonly conditions?: readonly {
    readonly type: string
    readonly status: 'True' | 'False' | 'Unknown'
    readonly reason?: string
    readonly message?: string
  }[]
  readonly containerStatuses?: readonly ContainerStatus[]
}

interface ContainerStatus {
  readonly name: string
  /** Id in the container runtime, different for each start: "containerd://9b27…". */
  readonly containerID?: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: object
    readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string }
  }
}
