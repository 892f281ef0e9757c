/** Decides how a pod is made. Raise SPEC_FORMAT (`../../labels.ts`) with every change. */
import type { ContainerSpec } from '../../../domain/container.ts'
import type { DatabaseMark } from '../../../domain/database-mark.ts'
import { accountUid, CAPABILITIES } from '../../confinement.ts'
import { labelsOf, POOL_LABEL } from '../../labels.ts'
import { podName } from './id.ts'
import { LENT_ANNOTATION, PORT_ANNOTATION, selectableLabels, USERNS_ANNOTATION } from './marks.ts'

/** The only container of a pod. */
export const CONTAINER = 'box'
/** sshd's port inside the container. */
export const SSH_PORT = 22
/**
 * The shortest grace period. With 0 the object would be removed at once, before the kubelet confirms that the processes
 * are dead. The image's STOPSIGNAL is SIGKILL, so nothing waits for this time.
 */
export const GRACE_SECONDS = 1
/** Time after which the API server deletes the pods of a lost node. They are replaced before. */
const LOST_NODE_SECONDS = 60

/** The API requires at least one name server. None listens on the container's own loopback. */
const NO_NAMESERVER = ['127.0.0.1']

export interface ManifestOptions {
  readonly mark: DatabaseMark
  /** Addresses of name servers that containers use; the cluster's own would show them all services. */
  readonly nameservers: readonly string[]
}

/** Returns the body of "create a pod". */
export function podManifest(spec: ContainerSpec, { mark, nameservers }: ManifestOptions): object {
  const { port } = spec
  return {
    metadata: {
      name: podName(spec),
      labels: selectableLabels(spec),
      annotations: {
        ...labelsOf(spec, mark),
        [LENT_ANNOTATION]: '',
        ...(port !== undefined && { [PORT_ANNOTATION]: String(port) }),
        ...(spec.userns && { [USERNS_ANNOTATION]: spec.userns }),
      },
    },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: GRACE_SECONDS,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostname: spec.name,
      dnsPolicy: 'None',
      dnsConfig: { nameservers: spec.reach === 'none' || nameservers.length === 0 ? NO_NAMESERVER : nameservers },
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      ...(spec.runtime !== null && { runtimeClassName: spec.runtime }),
      ...placement(spec),
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { [POOL_LABEL]: spec.pool } },
        },
      ],
      containers: [containerManifest(spec)],
      volumes: [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: String(spec.shm) } }],
    },
  }
}

/** Returns where the pod may run, and whether it has a user namespace of its own. */
function placement({ nodes, tolerations = [], userns }: ContainerSpec): object {
  const ownTolerations = tolerations.map(({ key, value, effect }) => ({
    key,
    ...(value === null ? { operator: 'Exists' } : { operator: 'Equal', value }),
    ...(effect !== null && { effect }),
  }))
  const lostNode = ['not-ready', 'unreachable'].map((condition) => ({
    key: `node.kubernetes.io/${condition}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: LOST_NODE_SECONDS,
  }))
  return {
    ...(nodes && { nodeSelector: nodes }),
    tolerations: [...lostNode, ...ownTolerations],
    ...(userns && { hostUsers: false }),
  }
}

function containerManifest(spec: ContainerSpec): object {
  const limits = {
    memory: String(spec.memory),
    cpu: `${Math.round(spec.cpus * 1_000)}m`,
    ...(spec.disk !== null && { 'ephemeral-storage': String(spec.disk) }),
  }
  return {
    name: CONTAINER,
    image: spec.image,
    imagePullPolicy: 'IfNotPresent',
    // What it says before it fails is shown to the admin.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    // The agent reads from it; see `images/agent`. It must not end with the first connection.
    stdin: true,
    stdinOnce: false,
    env: spec.port === undefined ? [] : [{ name: 'BERTH_UID', value: String(accountUid(spec.port)) }],
    ports: [{ name: 'ssh', containerPort: SSH_PORT }],
    resources: { limits, requests: limits },
    securityContext: {
      // sudo is a setuid program: it needs new privileges.
      allowPrivilegeEscalation: spec.sudo,
      capabilities: { drop: ['ALL'], add: CAPABILITIES },
    },
    volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }],
  }
}
