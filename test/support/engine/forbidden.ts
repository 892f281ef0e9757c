/** What root inside a container must not be able to do, since it would reach beyond the container or outlive it. */

export interface Attempt {
  readonly what: string
  /**
   * Run as root. Does no lasting harm where it is allowed: in a privileged container, to show that it is a real
   * attempt.
   */
  readonly command: string
}

const SOCKET = { x86_64: 41, aarch64: 198 }
const KEYCTL = { x86_64: 250, aarch64: 219 }

/** A system call that no command of the image offers; fails unless it gives 0 or more. */
function call(numbers: Numbers, args: string): string {
  return `python3 -c 'import ctypes, platform, sys; c = ctypes.CDLL(None); sys.exit(c.syscall(${pick(numbers)}, ${args}) < 0)'`
}

interface Numbers {
  readonly x86_64: number
  readonly aarch64: number
}

function pick({ x86_64, aarch64 }: Numbers): string {
  return `{"x86_64": ${x86_64}, "aarch64": ${aarch64}}[platform.machine()]`
}

const RAW = "python3 -c 'import socket as s; s.socket(s.AF_INET, s.SOCK_RAW, s.IPPROTO_ICMP)'"
const PACKET = "python3 -c 'import socket as s; s.socket(s.AF_PACKET, s.SOCK_RAW, 3)'"
/**
 * The same call as a 32-bit program makes it, with its arguments in memory: mov eax, 102 (socketcall); mov ebx, 1
 * (SYS_SOCKET); mov ecx, arguments; int 0x80. arm64 has no such call.
 */
const SOCKETCALL = `python3 -c 'import ctypes, platform, sys
c = ctypes.CDLL(None)
if platform.machine() != "x86_64": sys.exit(c.syscall(198, 40, 1, 0) < 0)
c.mmap.restype = ctypes.c_void_p
page = c.mmap(None, 4096, 7, 0x62, -1, 0)
code = bytes.fromhex("53b866000000bb01000000b9") + (page + 2048).to_bytes(4, "little") + bytes.fromhex("cd805bc3")
ctypes.memmove(page, code, len(code))
ctypes.memmove(page + 2048, (ctypes.c_uint32 * 3)(40, 1, 0), 12)
sys.exit(ctypes.CFUNCTYPE(ctypes.c_int)(page)() < 0)'`
const KEY = call({ x86_64: 248, aarch64: 217 }, 'b"user", b"marker", b"x", 1, -4').replace(
  /sys\.exit\((.*) < 0\)/,
  `k = $1; k > 0 and c.syscall(${pick(KEYCTL)}, 21, k); sys.exit(k < 0)`,
)
/** Capability data of version 2: cap_net_raw, as `setcap` would write it. */
const SETCAP = `python3 -c 'import os, struct; open("/root/f", "w"); os.setxattr("/root/f", "security.capability", struct.pack("<5I", 0x2000001, 1 << 13, 0, 0, 0))'`

export const FORBIDDEN: readonly Attempt[] = [
  { what: 'mount a file system', command: 'mount -t tmpfs none /mnt && umount /mnt' },
  { what: 'mount over what is there', command: 'mount --bind /tmp /mnt && umount /mnt' },
  {
    what: 'change a setting of the kernel',
    command: 'v=$(cat /proc/sys/net/ipv4/ip_forward) && echo $v >/proc/sys/net/ipv4/ip_forward',
  },
  { what: 'make a device', command: 'mknod /root/disk b 259 0' },
  { what: 'add a network interface', command: 'ip link add marker type veth peer name other' },
  { what: 'change its address', command: 'ip address add 192.0.2.77/32 dev lo' },
  { what: 'change its routes', command: 'ip route add 192.0.2.78/32 dev lo' },
  { what: 'set rules of a firewall (nftables)', command: 'nft add table inet marker' },
  { what: 'see rules of a firewall', command: 'nft list ruleset' },
  { what: 'open a raw socket', command: RAW },
  { what: 'open a packet socket, to forge or to listen', command: PACKET },
  { what: 'rename its host', command: 'hostname marker' },
  { what: 'make namespaces of its own', command: 'unshare --mount true' },
  { what: 'make namespaces of its own, by way of a user namespace', command: 'unshare --user --map-root-user true' },
  { what: 'give a program capabilities', command: SETCAP },
  // All containers of an engine share the keyrings, which belong to user ids. Where it is allowed the key is taken
  // back.
  { what: "leave a key in its user's keyring", command: KEY },
  { what: "look into its user's keyring", command: call(KEYCTL, '0, -4, 1') },
  {
    what: 'load a program into the kernel (bpf)',
    command: call({ x86_64: 321, aarch64: 280 }, '0, (ctypes.c_uint32 * 32)(2, 4, 4, 1), 128'),
  },
  { what: "read the kernel's log", command: 'dmesg' },
  { what: 'reach the hypervisor past every firewall (VSOCK)', command: call(SOCKET, '40, 1, 0') },
  {
    what: 'the same, by a number of which the kernel takes half',
    command: call(SOCKET, 'ctypes.c_ulong((1 << 32) + 40), 1, 0'),
  },
  { what: 'the same, by the call that 32-bit programs use', command: SOCKETCALL },
  {
    what: 'set up a ring of io_uring, which makes calls that seccomp does not see',
    command: call({ x86_64: 425, aarch64: 425 }, '1, ctypes.create_string_buffer(256)'),
  },
  { what: 'look for handlers of page faults (userfaultfd)', command: call({ x86_64: 323, aarch64: 282 }, '1') },
]

/**
 * What lifts the bans on all of these, but for that of the container: for `docker run`, to show that they are attempts.
 */
export const PERMISSIVE: readonly string[] = [
  ...['SYS_ADMIN', 'NET_ADMIN', 'NET_RAW', 'MKNOD', 'SETFCAP', 'SYSLOG'].flatMap((name) => ['--cap-add', name]),
  ...['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'].flatMap((o) => ['--security-opt', o]),
]
