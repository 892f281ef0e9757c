/** Host certificates: clients that trust one key trust every container of every generation. */
import { type Container, targetOf } from '../domain/container.ts'
import type { Reservation } from '../domain/reservation.ts'
import type { Accounts, Outcomes } from '../ports/accounts.ts'
import type { Clock } from '../ports/clock.ts'
import type { HostCa } from '../ports/host-ca.ts'

const MINUTE_MS = 60_000
/** A certificate outlives its reservation by this time, so that a login near the end does not fail on a slow clock. */
const AFTER_END_MS = 10 * MINUTE_MS
/** Clocks of clients may be behind by this time. */
const BEFORE_START_MS = 5 * MINUTE_MS

interface HostCertificatesDeps {
  readonly ca: HostCa
  readonly accounts: Pick<Accounts, 'writeHostCertificates'>
  /** Returns the host name of the SSH ports of containers without an address of their own. */
  readonly sshHost: () => string
  readonly clock: Clock
}

export interface HostCertificates {
  /** Public key that signs them: "ssh-ed25519 AAAA…". */
  readonly authority: string
  /**
   * Writes a certificate into each container, for the container's name and the address that answers tell people to use.
   * It is valid until ten minutes after `end`. A container whose key is not known gets none.
   */
  write(containers: readonly Container[], reservation: Pick<Reservation, 'id'>, end: number): Promise<Outcomes>
}

export function createHostCertificates({ ca, accounts, sshHost, clock }: HostCertificatesDeps): HostCertificates {
  return {
    authority: ca.publicKey,
    async write(containers, { id }, end) {
      const validAfter = clock() - BEFORE_START_MS
      const certificates = new Map(
        containers.flatMap((row) => {
          const { name, generation, host, hostPublicKey } = row
          if (hostPublicKey === null) return []
          const keyId = `${name} generation ${generation} reservation ${id}`
          const principals = [name, host ?? sshHost()]
          const validBefore = end + AFTER_END_MS
          return [[targetOf(row), ca.sign({ hostPublicKey, keyId, principals, validAfter, validBefore })]] as const
        }),
      )
      return accounts.writeHostCertificates(certificates)
    },
  }
}
