/** What confines a container on every engine. Raise SPEC_FORMAT (`labels.ts`) with every change. */

/**
 * Root's capabilities inside. sshd becomes the user, confines its unprivileged half (SETGID, SETUID, SYS_CHROOT) and
 * hands over the terminal (CHOWN); PAM refuses a login that it cannot record (AUDIT_WRITE). sudo, useradd and package
 * managers write and chmod files of other owners (DAC_OVERRIDE, FOWNER, FSETID); root kills processes of users (KILL);
 * port 22 needs NET_BIND_SERVICE on engines before 20.10. Of Docker's default set, MKNOD, NET_RAW (forged packets),
 * SETFCAP and SETPCAP are dropped; packages that want SETFCAP (ping) fall back to setuid.
 */
export const CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
  'SYS_CHROOT',
]

/**
 * Returns the user id of a container's account. It differs between containers, because the kernel counts inotify
 * watches, keys and pipes by user id across all of them. It follows from the port: ids of people end at 59999, so two
 * containers share an id only when their ports are 40,000 apart.
 */
export function accountUid(port: number): number {
  return 20_000 + (port % 40_000)
}
