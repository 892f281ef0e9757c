/** Decides how networks are made, for the manager and for `just provision`. */
import { createHash } from 'node:crypto'
import type { Reach } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { INSTANCE_LABEL, markLabels } from '../../labels.ts'

/** Name of the bridge network that the instance's containers of one reach share. */
export function networkName(instance: string, reach: Reach): string {
  return `berth-${instance}-${reach}`
}

/**
 * Name of the network's interface on the engine's host, which the firewall's rules contain. Linux allows 15 characters.
 */
export function bridgeName(instance: string, reach: Reach): string {
  return `berth${instanceHash(instance)}${reach.slice(0, 1)}`
}

/** Returns 8 hexadecimal digits, for names without room for the instance's own. */
export function instanceHash(instance: string): string {
  return createHash('sha256').update(instance).digest('hex').slice(0, 8)
}

/**
 * Returns the body of Docker's "create a network", whose members never reach each other. Equal for all databases of an
 * instance, which share the network, but for the label of the manager that made it.
 */
export function networkOptions(instance: string, reach: Reach, mark: DatabaseMark | null) {
  return {
    Name: networkName(instance, reach),
    Driver: 'bridge',
    Options: {
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.name': bridgeName(instance, reach),
    },
    Labels: { [INSTANCE_LABEL]: instance, ...(mark && markLabels(mark)) },
  }
}
