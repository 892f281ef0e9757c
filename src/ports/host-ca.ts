/** Content of a host certificate. */
export interface HostCertificateRequest {
  /** The container's host key: "ssh-ed25519 AAAA…". */
  readonly hostPublicKey: string
  /** Names the certificate in logs of ssh and sshd. */
  readonly keyId: string
  /** Host names for which a client accepts it. */
  readonly principals: readonly string[]
  /** In epoch milliseconds. */
  readonly validAfter: number
  readonly validBefore: number
}

/** Signs the host keys of containers, so that a client that trusts one key trusts all of them. */
export interface HostCa {
  /** The public key: "ssh-ed25519 AAAA…". */
  readonly publicKey: string
  /** Returns the content of a certificate file: "ssh-ed25519-cert-v01@openssh.com AAAA…". */
  sign(request: HostCertificateRequest): string
}
