/** The cluster of the engine's contract suite: by default that of all tests, otherwise one of somebody's own. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cluster } from '../../../lab/kubernetes/cluster.ts'
import { sharedCluster } from './bed.ts'

const exec = promisify(execFile)

interface ContractCluster extends Pick<Cluster, 'kubeconfig' | 'kubectl'> {
  /** An image that its nodes have or pull. */
  readonly image: string
}

/** Uses the cluster that `just test-engine` names. */
export async function contractCluster(): Promise<ContractCluster> {
  const { CLUSTER_KUBECONFIG: kubeconfig, CLUSTER_IMAGE: image } = process.env
  if (!kubeconfig || !image) {
    const { kubeconfig: own, kubectl } = await sharedCluster()
    return { kubeconfig: own, kubectl, image: 'berth/box' }
  }
  const kubectl = async (...args: string[]) => {
    const { stdout } = await exec('kubectl', ['--kubeconfig', kubeconfig, ...args])
    return stdout
  }
  return { kubeconfig, kubectl, image }
}
