/** Writes the names and addresses of a reservation's containers into /etc/hosts of each of them. */
import { BerthError } from '../domain/errors.ts'
import { forShell } from '../domain/text/foreign-text.ts'
import type { PeerName, Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

/** Usually tenths of a second; more if the host is busy. */
const TIMEOUT_MS = 10_000

/** Begins and ends the lines that Berth wrote. */
const BEGIN = '# Containers of this reservation, by Berth'
const END = '# End of the containers of this reservation'

/**
 * Docker mounts /etc/hosts from the host, so it can only be written in place. Where the storage driver lets a tenant
 * who is root move /etc, anything may be in its place: what is not a regular file stays unopened. The peers come first:
 * a container's own name must mean the address at which its peers reach it, and Docker's line has another one. A file
 * larger than MAX_BYTES was made by a tenant and is too large to read.
 */
const WRITE = `
MAX_BYTES=262144
write_peers() {
  local line text=$peers inside='' old='' nl=$'\\n'
  if [[ -L /etc/hosts || ! -f /etc/hosts ]]; then echo '/etc/hosts is not a regular file' >&2; return 1; fi
  (( $(stat -c %s /etc/hosts) <= MAX_BYTES )) || { echo "/etc/hosts has more than $MAX_BYTES bytes" >&2; return 1; }
  while IFS= read -r line || [[ $line ]]; do
    old+=$line$nl
    case $line in
      "$begin") inside=yes ;;
      "$end") inside='' ;;
      *) if [[ ! $inside ]]; then text+=$line$nl; fi ;;
    esac
  done </etc/hosts
  if [[ $text != "$old" ]]; then printf '%s' "$text" >/etc/hosts; fi
}
write_peers
`

/** Writes names and addresses into one container, with one exec, in place of those that it wrote before. */
export async function writePeerNames(shell: Shell, { id, name }: Target, peers: readonly PeerName[]): Promise<void> {
  const lines = peers.map((peer) => `${peer.address}\t${peer.name}`)
  const text = [BEGIN, ...lines, END].map((line) => `${line}\n`).join('')
  const values = `begin=${forShell(BEGIN)}\nend=${forShell(END)}\npeers=${forShell(text)}\n`
  const result = await shell.run(id, { program: values + WRITE, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `${name}: ${failureOf(result)}`)
}
