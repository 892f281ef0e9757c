/** Maximum numbers of tunnels. Each is an SSH connection; its client may leave 256 KiB of output in the memory. */
import { BerthError } from '../../domain/errors.ts'

/** Enough for Ansible and `berth run --count` on many containers at once. */
const MAX_PER_CALLER = 200
/** Half of the connections that a manager accepts. */
const MAX_TUNNELS = 1_000

/** Throws `rate_limited` if the caller, or this manager, has the maximum number of tunnels. */
export function assertRoomForTunnel({ theirs, all }: { readonly theirs: number; readonly all: number }): void {
  if (theirs >= MAX_PER_CALLER) throw full(`you have ${MAX_PER_CALLER} tunnels`)
  if (all >= MAX_TUNNELS) throw full(`this manager has ${MAX_TUNNELS} tunnels`)
}

function full(what: string): BerthError {
  return new BerthError('rate_limited', `${what}, the maximum; close some, or try again later`)
}
