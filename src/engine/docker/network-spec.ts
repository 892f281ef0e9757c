/** The one place that decides how networks are made, for the manager and for `just provision`. */
import { createHash } from 'node:crypto'
import type { Reach } from '../../core/container.ts'
import { INSTANCE_LABEL } from '../labels.ts'

/** The bridge network that one instance's containers of one reach share. */
export function networkName(instance: string, reach: Reach): string {
  return `berth-${instance}-${reach}`
}

/** The network's interface on the engine's host, which the guard's rules name. Linux allows 15 characters. */
export function bridgeName(instance: string, reach: Reach): string {
  return `berth${instanceHash(instance)}${reach.slice(0, 1)}`
}

/** 8 hexadecimal digits, for names that have no room for the instance's own. */
export function instanceHash(instance: string): string {
  return createHash('sha256').update(instance).digest('hex').slice(0, 8)
}

/** The body of Docker's "create a network". Its members never reach each other. */
export interface NetworkBody {
  readonly Name: string
  readonly Driver: 'bridge'
  readonly Options: Record<string, string>
  readonly Labels: Record<string, string>
}

export function networkOptions(instance: string, reach: Reach): NetworkBody {
  return {
    Name: networkName(instance, reach),
    Driver: 'bridge',
    Options: {
      'com.docker.network.bridge.enable_icc': 'false',
      'com.docker.network.bridge.name': bridgeName(instance, reach),
    },
    Labels: { [INSTANCE_LABEL]: instance },
  }
}
