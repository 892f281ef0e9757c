/** What a tenant can leave behind, and how somebody would find it: one table, for a scan that is proven to see. */

/** In whatever the first tenant writes; nobody else would. */
const TOKEN = 'mallory-was-here'

export interface Marker {
  readonly what: string
  /** Run by the first tenant, who may use sudo. */
  readonly plant: string
  /** Prints something as long as the marker is there, in the session of whoever runs it. */
  readonly look: string
}

/** A file with the token in it, written and looked for as root. */
function file(what: string, path: string): Marker {
  const folder = path.replace(/\/[^/]*$/, '')
  return {
    what,
    plant: `sudo mkdir -p ${folder} && echo '# ${TOKEN}' | sudo tee -a ${path} >/dev/null`,
    look: `sudo grep -s ${TOKEN} ${path}`,
  }
}

/** Root's python, without single quotes: of the C library, what no command of the image offers. */
function python(code: string): string {
  return `sudo python3 -c 'import ctypes; c = ctypes.CDLL(None); ${code}'`
}

/** "mall", as the key of System V's objects. */
const KEY = 0x6d616c6c

const FILES: readonly Marker[] = [
  file('a file in /etc', '/etc/marker'),
  file('a file in /tmp', '/tmp/marker'),
  file('a file in /var/tmp', '/var/tmp/marker'),
  file('a file in /opt', '/opt/marker'),
  file('a file in /run', '/run/marker'),
  file('a file in /dev/shm', '/dev/shm/marker'),
  file('a file in a volume', '/data/marker'),
  file("a file in root's home", '/root/marker'),
  file('a log', '/var/log/marker.log'),
  file("the system's PATH", '/usr/local/bin/ls-marker'),
  file('names of hosts', '/etc/hosts'),
  file('the name server', '/etc/resolv.conf'),
  file('a trusted authority', '/usr/local/share/ca-certificates/marker.crt'),
  file('a source of packages', '/etc/apt/sources.list.d/marker.list'),
  file('the motd', '/etc/motd'),
  file('what new homes begin with', '/etc/skel/.bashrc'),
]

const ENTRANCES: readonly Marker[] = [
  file("root's authorized_keys", '/root/.ssh/authorized_keys'),
  file('a job of cron', '/etc/cron.d/marker'),
  file("root's crontab", '/var/spool/cron/crontabs/root'),
  file('a job of at', '/var/spool/cron/atjobs/a00001'),
  file('a rule of sudo', '/etc/sudoers.d/marker'),
  file('a module of PAM for SSH', '/etc/pam.d/sshd'),
  file('a module of PAM for sudo', '/etc/pam.d/sudo'),
  file('a setting of sshd', '/etc/ssh/sshd_config'),
  file('another setting of sshd', '/etc/ssh/sshd_config.d/marker.conf'),
  file('what sshd runs at each login', '/etc/ssh/sshrc'),
  file('what every shell runs', '/etc/profile.d/marker.sh'),
  file("the system's bashrc", '/etc/bash.bashrc'),
  file('everybody’s environment', '/etc/environment'),
  // A comment would do no harm, nor be a preloaded library: this one is not there, and every program says so.
  {
    what: 'a preloaded library (LD_PRELOAD for all)',
    plant: `echo /${TOKEN}.so | sudo tee /etc/ld.so.preload >/dev/null`,
    look: 'cat /etc/ld.so.preload 2>/dev/null',
  },
  file('what starts the container', '/usr/local/sbin/entrypoint'),
  {
    what: 'keys of one’s own',
    plant: `mkdir -p ~/.ssh && echo 'ssh-ed25519 AAAA ${TOKEN}' >> ~/.ssh/authorized_keys`,
    look: `sudo grep -rs ${TOKEN} /home --include=authorized_keys`,
  },
  {
    what: 'a home',
    plant: `echo ${TOKEN} > ~/marker`,
    look: 'sudo find / -xdev -path "*/mallory/*" -name marker 2>/dev/null',
  },
  {
    what: 'a shell that makes whoever runs it root (setuid)',
    plant: 'sudo cp /bin/bash /usr/local/bin/rootshell && sudo chmod 4755 /usr/local/bin/rootshell',
    look: 'find / -xdev -name "*shell" -perm -4000 2>/dev/null',
  },
  {
    what: 'a second root',
    plant: "sudo useradd -o -u 0 -M toor && echo 'toor:toor' | sudo chpasswd",
    look: 'sudo grep toor /etc/passwd /etc/shadow',
  },
  {
    what: 'an account',
    plant: 'true',
    look: 'sudo grep mallory /etc/passwd /etc/shadow /etc/group',
  },
  {
    what: 'a password for root',
    plant: "echo 'root:root' | sudo chpasswd",
    look: 'sudo grep "^root:[$]" /etc/shadow',
  },
  {
    what: 'another host key',
    plant: `sudo sh -c 'rm /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N "" -C ${TOKEN} -f /etc/ssh/ssh_host_ed25519_key'`,
    look: `grep -rs ${TOKEN} /etc/ssh --include=*.pub`,
  },
]

// Both tenants have the first free user id, so that either may look into the other's processes; root may not, without
// SYS_PTRACE.
const RUNNING: readonly Marker[] = [
  {
    what: 'a process in the background',
    plant: 'nohup sleep 98765 >/dev/null 2>&1 & disown',
    look: 'ps ax | grep "[s]leep 98765"',
  },
  {
    what: 'a process of root, in a session of its own',
    plant: 'sudo setsid -f sleep 87654 >/dev/null 2>&1',
    look: 'ps ax | grep "[s]leep 87654"',
  },
  {
    what: 'a file that is deleted and open',
    plant: `echo ${TOKEN} > /tmp/gone; nohup sleep 76543 < /tmp/gone >/dev/null 2>&1 & disown; sleep 0.1; rm /tmp/gone`,
    look: 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep "/tmp/gone"',
  },
  {
    what: 'an environment',
    plant: `MARKER=${TOKEN} nohup sleep 65432 >/dev/null 2>&1 & disown`,
    look: `grep -las MARKER=${TOKEN} /proc/[0-9]*/environ`,
  },
  listener('a listening socket', 'AF_INET, s.SOCK_STREAM', '("0.0.0.0", 4444)', 'ss -Hltn sport = :4444'),
  listener('a UDP socket', 'AF_INET, s.SOCK_DGRAM', '("0.0.0.0", 5555)', 'ss -Hlun sport = :5555'),
  listener('an abstract socket', 'AF_UNIX, s.SOCK_STREAM', '"\\0marker"', 'grep @marker /proc/net/unix'),
  {
    what: 'shared memory (System V)',
    plant: python(`assert c.shmget(${KEY}, 4096, 0o1666) >= 0`),
    look: `grep -w ${KEY} /proc/sysvipc/shm`,
  },
  {
    what: 'semaphores (System V)',
    plant: python(`assert c.semget(${KEY}, 1, 0o1666) >= 0`),
    look: `grep -w ${KEY} /proc/sysvipc/sem`,
  },
  {
    what: 'a queue of messages (System V)',
    plant: python(`assert c.msgget(${KEY}, 0o1666) >= 0`),
    look: `grep -w ${KEY} /proc/sysvipc/msg`,
  },
  {
    what: 'a queue of messages (POSIX)',
    plant: python('assert c.mq_open(b"/marker", 0o102, 0o666, None) >= 0'),
    look: 'ls /dev/mqueue',
  },
]

/** The last ones: what is full stays full. */
const FULL: readonly Marker[] = [
  {
    what: 'a disk with a file of 200 MiB',
    plant: 'dd if=/dev/zero of=/var/tmp/large bs=1M count=200 2>/dev/null',
    look: 'find / -xdev -size +150M 2>/dev/null',
  },
  {
    what: 'shared memory that is full',
    plant: 'dd if=/dev/zero of=/dev/shm/large bs=1M 2>/dev/null; true',
    look: 'df /dev/shm | grep 100%',
  },
  {
    what: 'the token, anywhere on its disks',
    plant: 'true',
    look: `sudo grep -rlIs ${TOKEN} / --exclude-dir=proc --exclude-dir=sys`,
  },
]

export const MARKERS: readonly Marker[] = [...FILES, ...ENTRANCES, ...RUNNING, ...FULL]

/** One command that plants them all, and prints the number of each that could not be planted. */
export const PLANT = MARKERS.map(({ plant }, index) => `{ ${plant}\n} 2>/dev/null || echo ${index}`).join('\n')

/** One command that looks for them all, and prints the number of each that it sees. */
export const LOOK = MARKERS.map(({ look }, index) => `[ -n "$(${look})" ] && echo ${index}`).join('\n')

/** Those whose numbers were printed. */
export function markersIn(stdout: string): Marker[] {
  const numbers = new Set(stdout.split('\n'))
  return MARKERS.filter((_, index) => numbers.has(`${index}`))
}

function listener(what: string, family: string, address: string, look: string): Marker {
  const code = `import socket as s, time; l = s.socket(s.${family}); l.bind(${address}); l.type == s.SOCK_STREAM and l.listen(); time.sleep(9999)`
  return { what, plant: `nohup python3 -c '${code}' >/dev/null 2>&1 & disown; sleep 0.3`, look }
}
