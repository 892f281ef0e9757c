/** Reads `kubernetes` of berth.yml, and finds the kubeconfig by the rules of kubectl. */
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Environment, SettingsReader } from '../reader.ts'
import * as value from '../values.ts'

export interface KubernetesConfig {
  /** Path; null: the service account of the pod in which the manager runs. */
  readonly kubeconfig: string | null
  /** Name of a context of the kubeconfig; null: its current one. */
  readonly context: string | null
  readonly namespace: string
  /** Addresses of the name servers of containers. */
  readonly nameservers: readonly string[]
  /** Blocks of addresses from which gateways outside of the cluster connect. */
  readonly gateways: readonly string[]
}

const KUBERNETES = {
  context: { parse: value.text, default: undefined },
  namespace: { parse: value.label, default: undefined },
  nameservers: { parse: value.ipAddresses, default: [] },
  gateways: { parse: value.cidrs, default: [] },
} as const

/** Returns null after reporting problems. `isUsed`: berth.yml has `engine: kubernetes`. */
export function readKubernetes(
  reader: SettingsReader,
  section: unknown,
  { instance, isUsed, environment }: { instance: string; isUsed: boolean; environment: Environment },
): KubernetesConfig | null {
  const { all, some } = reader.map(section, ['kubernetes'], KUBERNETES)
  if (section !== undefined && !isUsed) reader.report(['kubernetes'], 'requires engine: kubernetes')
  if (!all) return null
  const kubeconfig = isUsed ? findKubeconfig(reader, environment) : null
  if (some.namespace?.startsWith('kube-'))
    reader.report(['kubernetes', 'namespace'], `must not be ${some.namespace}: it belongs to Kubernetes itself`)
  const { context = null, namespace = `berth-${instance}` } = some
  return { kubeconfig, context, namespace, nameservers: all.nameservers, gateways: all.gateways }
}

/** Uses KUBECONFIG; without it the service account in a pod, and otherwise ~/.kube/config. */
function findKubeconfig(reader: SettingsReader, environment: Environment): string | null {
  const { KUBECONFIG: named, KUBERNETES_SERVICE_HOST: inPod, HOME: home } = environment
  if (named) {
    if (named.includes(delimiter)) reader.report(['KUBECONFIG'], `must name one file, not "${named}"`)
    return named
  }
  return inPod ? null : join(home || homedir(), '.kube/config')
}

/** Describes the cluster for people. */
export function describeKubernetes({ kubeconfig, context, namespace }: KubernetesConfig): string {
  const access = kubeconfig === null ? 'the service account of this pod' : kubeconfig
  return `namespace ${namespace} of ${context === null ? '' : `context ${context} of `}${access}`
}

/** Returns the variables by which kubectl, which Ansible runs, uses the same cluster. */
export function kubernetesVariables({ kubeconfig, context }: KubernetesConfig): Record<string, string> {
  return {
    ...(kubeconfig !== null && { K8S_AUTH_KUBECONFIG: kubeconfig }),
    ...(context !== null && { K8S_AUTH_CONTEXT: context }),
  }
}
