/** The fields of the objects of Kubernetes that are read. */

interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  /** Incremented by each change of the spec, for kinds that have it. */
  readonly generation?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** ISO 8601. */
  readonly creationTimestamp: string
  /** ISO 8601; present while the object is being deleted. */
  readonly deletionTimestamp?: string
}

/** An object of any kind. */
export interface KubernetesObject {
  readonly metadata: ObjectMeta
}

/** A page of a list. */
export interface Page<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly T[]
}

/** The answer to a request that failed, and the last message of an exec. */
export interface Status {
  readonly status?: string
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[]
    readonly retryAfterSeconds?: number
  }
}

/** A line of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: Partial<KubernetesObject> & Status
}
