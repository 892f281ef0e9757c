/**
 * The firewall: a container on the host's network that isolates tenants from the host and from each other, and from the
 * host's neighbours. The rules are not inside the tenants' containers, because Docker rebuilds a container's network
 * when its PID 1 dies, and tenants are root there. The manager does not set them either, because they must hold after a
 * reboot, without a manager, and on remote engines.
 */
import { createHash } from 'node:crypto'
import { BOX_IMAGE } from '../../../domain/pool.ts'
import { FIREWALL_LABEL, SPEC_LABEL } from '../../labels.ts'
import { blocklistRules, firewallRules } from './rules.ts'
import { mainScript } from './script.ts'
import { LEDGER_PATH, ledgerVolume } from '../ledger/spec.ts'

const MEMORY_BYTES = 256 * 1024 ** 2

export function firewallName(instance: string): string {
  return `berth-guard-${instance}`
}

/**
 * Returns the body of Docker's "create a container". It has no label of a tenant's container, so no listing shows it.
 */
export function firewallOptions(instance: string) {
  const body = {
    Image: BOX_IMAGE,
    Env: [`RULES=${firewallRules(instance)}`, `BLOCKLIST_RULES=${blocklistRules(instance)}`],
    Entrypoint: ['/bin/sh', '-c', mainScript(instance)],
    // That of the image would not let it take its rules with it.
    StopSignal: 'SIGTERM',
    HostConfig: {
      Init: true,
      NetworkMode: 'host',
      // An engine that maps users (userns-remap) denies them the host's network.
      UsernsMode: 'host',
      RestartPolicy: { Name: 'always' as const, MaximumRetryCount: 0 },
      // Each manager has two shells here and loads the rules when it starts. With 64 MiB, nft of four managers was
      // killed.
      Memory: MEMORY_BYTES,
      MemorySwap: MEMORY_BYTES,
      PidsLimit: 128,
      // The maximum: tenants whose access is being revoked may keep all processors busy.
      CpuShares: 262_144,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': 'size=1m' },
      // The label is the firewall's, not that of a tenant's container.
      Mounts: [
        {
          Type: 'volume',
          Source: ledgerVolume(instance),
          Target: LEDGER_PATH,
          VolumeOptions: { NoCopy: true, Labels: { [FIREWALL_LABEL]: instance } },
        },
      ],
      LogConfig: { Type: 'json-file' as const, Config: { 'max-size': '1m', 'max-file': '1' } },
    },
  }
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16)
  return { ...body, Labels: { [FIREWALL_LABEL]: instance, [SPEC_LABEL]: digest } }
}
