/** What `just provision` makes on a Docker engine. */
import type { ContainerSpec } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { type InstanceConfig, type OwnImage, type Pool, specsOf } from '../../../domain/pool.ts'
import { ledgerVolume } from '../ledger/spec.ts'
import { findTaken } from './names.ts'
import { ansibleNetworkParameters, ansibleParameters } from './parameters.ts'

export interface ProvisioningOptions {
  readonly instance: InstanceConfig
  readonly pools: readonly Pool[]
  readonly images: readonly OwnImage[]
  readonly engine: { readonly host: string; readonly certificates: string | null }
  /** By which Ansible's modules find the engine. */
  readonly variables: Readonly<Record<string, string>>
}

/**
 * Returns parameters of community.docker's modules. Also lists the containers, and returns which are missing or in the
 * way: a module of Ansible takes two thirds of a second to list them.
 */
export async function dockerProvisioning(
  { instance, pools, images, engine, variables }: ProvisioningOptions,
  mark: DatabaseMark,
): Promise<object> {
  const specs = pools.flatMap((pool) => specsOf(instance, pool))
  const { slots, foreign } = await findTaken(instance.name, specs, engine)
  const parameters = (some: readonly ContainerSpec[]) => some.map((spec) => ansibleParameters(spec, mark))
  return {
    foreign,
    instance: instance.name,
    // A REQUESTS_CA_BUNDLE that the user has set for other hosts would replace the engine's own authority.
    engine: { ...variables, ...(engine.certificates && { REQUESTS_CA_BUNDLE: `${engine.certificates}/ca.pem` }) },
    ledger: ledgerVolume(instance.name),
    images,
    networks: [...new Set(pools.map((pool) => pool.reach))].map((reach) =>
      ansibleNetworkParameters(instance.name, reach),
    ),
    containers: parameters(specs),
    missing: parameters(specs.filter(({ name }) => !slots.has(name))),
  }
}
