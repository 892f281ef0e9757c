/** Opens the engine that berth.yml names; no other file imports an engine. */
import type { Config } from '../config/config.ts'
import { engineVariables } from '../config/engine-address.ts'
import type { DatabaseMark } from '../domain/database-mark.ts'
import { BerthError } from '../domain/errors.ts'
import type { Pools } from '../domain/pools.ts'
import type { Clock } from '../ports/clock.ts'
import type { Engine } from '../ports/engine.ts'
import { dockerProvisioning } from './docker/ansible/provisioning.ts'
import { openDocker } from './docker/engine.ts'
import { openMemory } from './memory/engine.ts'
import { MemoryHost } from './memory/host.ts'

type EngineSettings = Pick<Config, 'engine' | 'instance' | 'peerNetworks'>
type ProvisioningSettings = Pick<Config, 'engine' | 'instance' | 'pools' | 'images'>

/** Opens the engine. It makes a network for each reach of `pools`, also for those that a reload adds. */
export function openEngine(settings: EngineSettings, pools: Pools, database: DatabaseMark, clock: Clock): Engine {
  const { engine, instance, peerNetworks } = settings
  const site = { instance: instance.name, database }
  if (engine.kind === 'memory') return openMemory({ ...site, host: new MemoryHost({ now: clock }) })
  const { host: dockerHost, certificates } = engine
  return openDocker({ ...site, reaches: () => [...pools.reaches()], peerNetworks, dockerHost, certificates })
}

/**
 * Returns what `just provision` makes, as parameters of Ansible's modules. `invalid_config` for an engine whose
 * containers only their manager can make.
 */
export async function provisioningOf(
  { engine, instance, pools, images }: ProvisioningSettings,
  mark: DatabaseMark,
): Promise<object> {
  if (engine.kind === 'memory') {
    throw new BerthError('invalid_config', 'engine: memory has nothing to provision: `just run` is enough')
  }
  const variables = engineVariables(engine)
  return dockerProvisioning({ instance, pools, images, engine, variables }, mark)
}
