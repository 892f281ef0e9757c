/** The rules of peer networks, on which the containers of one reservation reach each other and nothing else. */
import { peerBridgePrefix } from '../peers/spec.ts'

/**
 * Returns chains for the instance's table. They match the networks that exist and those to come.
 *
 * - What a container sends to the host's own end of the bridge is dropped, whatever its address: a program that is
 *   bound to the interface needs no route. What would be forwarded from there, or to there, is dropped, too. No rule
 *   keeps two of these networks apart: the host has no route to any of them, and Docker refuses what leaves an internal
 *   network.
 * - Packets between peers are not tracked: connections among them, of any number, take no place in the kernel's table,
 *   and no published port is translated for them.
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
