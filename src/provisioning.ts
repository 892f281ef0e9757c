/** What Ansible asks for (ansible/tasks/ask-manager.yml). Apart from `main.ts`, so that it is said in a fraction of a second. */
import { type Config, loadConfig } from './config.ts'
import { specsOf } from './core/pool.ts'
import { ansibleNetworkParameters, ansibleParameters } from './engine/docker/ansible-parameters.ts'
import { takenNames } from './engine/docker/names.ts'
import { sayAndExit } from './startup.ts'

/**
 * What `just provision` is to make, as parameters of community.docker's modules: decided here, carried out by Ansible. And which
 * names are taken by what: asked by a module, that takes Ansible two thirds of a second.
 */
async function provisioning({ site, pools, dockerHost }: Config): Promise<object> {
  return {
    taken: await takenNames(site.instance, dockerHost),
    instance: site.instance,
    images: [...new Set(pools.map((pool) => pool.image))],
    networks: [...new Set(pools.map((pool) => pool.reach))].map((reach) =>
      ansibleNetworkParameters(site.instance, reach),
    ),
    containers: pools.flatMap((pool) => specsOf(site, pool).map(ansibleParameters)),
  }
}

if (import.meta.main) {
  try {
    process.stdout.write(`${JSON.stringify(await provisioning(loadConfig()), null, 2)}\n`)
  } catch (error) {
    sayAndExit(error)
  }
}
