/** The condition by which nodes and pods say that they work. */

interface Conditioned {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** Returns whether a node can run pods, or a pod serves, as its kubelet has last reported. */
export function isReady({ status }: Conditioned): boolean {
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
}
