/** The API server of the cluster in which the manager runs as a pod, and the service account of that pod. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BerthError, reasonOf } from '../../../../domain/errors.ts'
import type { Cluster } from './cluster.ts'
import { TokenFile } from './token-file.ts'

/** Where Kubernetes puts the files of the service account. */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

interface PodEnvironment {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which Kubernetes sets in each container. */
  readonly host: string | undefined
  readonly port: string | undefined
}

/** Throws `invalid_config` outside of a pod, and in a pod without a service account. */
export async function inCluster({ host, port }: PodEnvironment, folder = FOLDER): Promise<Cluster> {
  if (!host || !port) {
    throw new BerthError(
      'invalid_config',
      'this is not a pod of Kubernetes: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set. Name a kubeconfig',
    )
  }
  const read = (name: string) =>
    readFile(join(folder, name), 'utf8').catch((cause: unknown) => {
      const remedy = 'set automountServiceAccountToken: true in the pod of the manager'
      throw new BerthError('invalid_config', `no service account: ${reasonOf(cause)}: ${remedy}`, { cause })
    })
  const [ca, namespace] = await Promise.all([read('ca.crt'), read('namespace')])
  return {
    source: 'the service account of this pod',
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    ca,
    serverName: null,
    verifies: true,
    namespace: namespace.trim(),
    credentials: new TokenFile(join(folder, 'token')),
  }
}
