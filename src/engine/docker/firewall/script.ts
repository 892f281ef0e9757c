/** The shell script that runs inside the firewall container. */
import { allTables, blocklistName, bridgesOf, connectionsName, tableName } from './rules.ts'

/**
 * Interval at which the firewall checks that its rules were not flushed, e.g. by another firewall that was reloaded.
 */
const CHECK_INTERVAL_SECONDS = 2
/** Exists while the kernel shows bridged packets to nftables. */
const BRIDGE_NETFILTER = '/proc/sys/net/bridge/bridge-nf-call-iptables'
const NO_BRIDGE_NETFILTER =
  'the kernel module br_netfilter is not loaded on the Docker host, so containers on one bridge could reach each other. ' +
  'Load it with "modprobe br_netfilter", and at each boot with "echo br_netfilter >/etc/modules-load.d/berth.conf"'

/**
 * Returns the command that loads the rules unless they are in force unchanged, and has bridged packets filtered. It
 * runs inside the firewall and may run several times at once. It fails when either is impossible, with the reason on
 * stderr.
 */
export function loadCommand(instance: string): string {
  // The elements of the sets of connections come and go: only the sets themselves are compared.
  const list = `nft --stateless list table inet ${tableName(instance)} && nft --stateless --terse list table inet ${connectionsName(instance)}`
  const blocklist = `nft list chain inet ${blocklistName(instance)} to_blocked_from_host >/dev/null 2>&1`
  return `{
    { ${list}; } 2>/dev/null | cmp -s - /run/loaded ||
      { printf %s "$RULES" | nft -f - && { ${list}; } >/run/loaded; }
  } && { ${blocklist} || printf %s "$BLOCKLIST_RULES" | nft -f -; } && {
    ${filterBridges(instance)}
  }`
}

/**
 * Two containers of one network are on one bridge, where packets bypass the rules unless the kernel is told otherwise.
 * It is told for each bridge (nf_call_iptables), because the global setting (net.bridge.bridge-nf-call-iptables) is
 * often off for virtual machines. In addition, no port of these bridges may send to another one (isolated, Linux 4.18),
 * which also holds for ARP and without br_netfilter.
 */
function filterBridges(instance: string): string {
  const settings = bridgesOf(instance).flatMap((bridge) =>
    ['nf_call_iptables', 'nf_call_ip6tables'].map((setting) => `${bridge}/${setting}`),
  )
  return `[ -e ${BRIDGE_NETFILTER} ] || { echo '${NO_BRIDGE_NETFILTER}' >&2; false; } && {
      for setting in ${settings.join(' ')}; do
        bridge=\${setting%/*}
        setting=\${setting#*/}
        # A bridge exists while its network does, and may go at any time.
        [ ! -e /sys/class/net/$bridge ] || grep -qs 1 /sys/class/net/$bridge/bridge/$setting ||
          ip link set dev $bridge type bridge $setting 1 || [ ! -e /sys/class/net/$bridge ] || {
            echo "cannot have $bridge filtered ($setting), so containers on it could reach each other" >&2
            exit 1
          }
        for port in $(grep -ls 0 /sys/class/net/$bridge/brif/*/isolated); do
          port=\${port%/isolated}
          bridge link set dev \${port##*/} isolated on 2>/dev/null
        done
      done
    }`
}

/**
 * Returns the firewall's main program. It exits when rules that it had loaded cannot be loaded any more: Docker
 * restarts it, and the manager checks each run of the firewall before a container is lent.
 */
export function mainScript(instance: string): string {
  const removeAll = allTables(instance).map((table) => `nft delete table inet ${table}`)
  // `docker stop` removes the rules; a kill does not.
  return `trap '${removeAll.join('; ')}; exit 0' TERM
    loaded=false
    while :; do
      if ( ${loadCommand(instance)} ); then loaded=true
      elif $loaded; then exit 1
      fi
      sleep ${CHECK_INTERVAL_SECONDS} & wait $!
    done`
}

/**
 * Returns the command that empties the blocklist: what a dead manager blocked may be another container's address by
 * now.
 */
export function unblockAllCommand(instance: string): string {
  return `nft flush set inet ${blocklistName(instance)} blocked`
}
