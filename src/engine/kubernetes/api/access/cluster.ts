/** How to reach an API server, and as whom. */

/** Proves who the manager is. At most one of the two is null. */
export interface Identity {
  /** Token of the header `Authorization: Bearer`. */
  readonly token: string | null
  readonly certificate: ClientCertificate | null
}

/** In PEM. */
interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

export interface Credentials {
  /** Returns what is valid now. Throws `engine_unavailable` when it cannot be read or made. */
  identity(signal: AbortSignal): Promise<Identity>
  /** Called after the API server has refused the identity: the next one is read or made again. */
  renew(): void
}

export interface Cluster {
  /** Where this was read, for messages: `context "lab" of /etc/berth/kubeconfig`. */
  readonly source: string
  /** With https. Requests go below its path. */
  readonly server: URL
  /** In PEM; null to use the certificates of the system. */
  readonly ca: string | null
  /** Name in the certificate of the server; null if it is that of the URL. */
  readonly serverName: string | null
  /** False only if the kubeconfig has `insecure-skip-tls-verify`. */
  readonly verifies: boolean
  /** Namespace of the context, or of the pod; null if none is named. */
  readonly namespace: string | null
  readonly credentials: Credentials
}

/** Credentials that never change. */
export function fixed(identity: Identity): Credentials {
  return { identity: () => Promise.resolve(identity), renew: () => undefined }
}
