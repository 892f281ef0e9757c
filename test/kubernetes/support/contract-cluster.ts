/** The cluster of the engine's contract suite: that of all tests, or the one that `just test-engine` names. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cluster } from '../../../lab/kubernetes/cluster.ts'
import { sharedCluster } from './bed.ts'

const exec = promisify(execFile)

interface ContractCluster extends Pick<Cluster, 'kubeconfig' | 'kubectl'> {
  /** An image that its nodes have or pull. */
  readonly image: string
  /** Removes what the suite has made. */
  clean(...namespaces: readonly string[]): Promise<void>
}

/** Uses the cluster of the variables that scripts/test-engine sets, if they are set. */
export async function contractCluster(): Promise<ContractCluster> {
  const { CLUSTER_KUBECONFIG: kubeconfig, CLUSTER_IMAGE: image } = process.env
  if (!kubeconfig || !image) {
    const { kubeconfig: own, kubectl } = await sharedCluster()
    // It is stopped as a whole.
    return { kubeconfig: own, kubectl, image: 'berth/box', clean: async () => undefined }
  }
  const kubectl = async (...args: string[]) => {
    const { stdout } = await exec('kubectl', ['--kubeconfig', kubeconfig, ...args])
    return stdout
  }
  const clean = async (...namespaces: readonly string[]) =>
    void (await kubectl('delete', 'namespace', ...namespaces, '--wait=false'))
  return { kubeconfig, kubectl, image, clean }
}
