/** Rules of peer networks, on which the containers of one reservation reach each other and nothing else. */
import { peerBridgePrefix } from '../peers/spec.ts'

/**
 * Returns chains for the instance's table. They match present and future networks.
 *
 * - Packets from a container to the host's own end of the bridge are dropped, whatever their address: a program that is
 *   bound to the interface needs no route. Packets that would be forwarded from or to such a bridge are dropped, too.
 *   Two of these networks need no rule between them: the host has no route to either, and Docker refuses packets that
 *   leave an internal network.
 * - Packets between peers are not tracked: their connections take no entries in the kernel's connection table, and no
 *   published port is translated for them.
 */
export function peerRules(instance: string): string {
  const peers = `"${peerBridgePrefix(instance)}*"`
  return `
  chain between_peers_untracked {
    type filter hook prerouting priority -300; policy accept;
    iifname ${peers} notrack
  }
  chain from_peers_to_host {
    type filter hook input priority -10; policy accept;
    iifname ${peers} drop
  }
  chain from_host_to_peers {
    type filter hook output priority -10; policy accept;
    oifname ${peers} drop
  }
  chain between_peers {
    type filter hook forward priority -10; policy accept;
    iifname ${peers} oifname ${peers} accept
    iifname ${peers} drop
    oifname ${peers} drop
  }
`
}
