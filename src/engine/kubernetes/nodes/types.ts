/** The fields of a node that are read. */
import type { KubernetesObject } from '../api/types.ts'

export interface Node extends KubernetesObject {
  readonly spec: { readonly unschedulable?: boolean }
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[]
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly message?: string
      /** ISO 8601: when `status` changed. */
      readonly lastTransitionTime?: string
    }[]
    /** Quantities by resource: what pods may use. */
    readonly allocatable?: Readonly<Record<string, string>>
  }
}
