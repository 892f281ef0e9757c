/** What tenants do to their containers that could keep them in when their time is up. */
import { docker, dockerLines } from '../../../lab/docker.ts'

export interface Misbehaviour {
  readonly what: string
  /** Started by the tenant; need not end. */
  readonly command: string
  /** Whether it is under way, seen from outside. */
  readonly sign: (container: string) => Promise<boolean>
}

async function processes(container: string, what: RegExp): Promise<number> {
  return (await dockerLines('top', container, '-o', 'pid,stat,args')).filter((line) => what.test(line)).length
}

export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  {
    what: 'a fork bomb',
    command: ':(){ :|:& };:',
    sign: async (container) => (await processes(container, /bash|sh/)) > 100,
  },
  {
    what: 'disks that are filled over and over',
    command: `while :; do
      dd if=/dev/zero of=/dev/shm/x bs=1M 2>/dev/null; dd if=/dev/zero of=/var/tmp/x bs=1M count=200 conv=fsync 2>/dev/null
    done`,
    sign: async (container) => (await processes(container, /dd if=/)) > 0,
  },
  {
    // PID 1 hands the signal to sshd and ends with it, and takes everything along: what starts the container goes on.
    what: 'a PID 1 that ends, again and again',
    command: `sudo sed -i 's/^exec .*sshd.*/timeout 1 $(command -v sshd) -D -e/' /usr/local/sbin/entrypoint; sudo kill 1`,
    sign: async (container) => Number(await docker('inspect', '--format', '{{.RestartCount}}', container)) > 1,
  },
  {
    what: 'everything stopped, sshd and its sessions too',
    command: 'sudo pkill -STOP sshd; kill -STOP -1',
    sign: async (container) => (await processes(container, / T\S* .*sshd/)) > 1,
  },
  {
    what: 'programs that ignore every signal they can',
    command: `for n in $(seq 30); do (trap '' TERM HUP INT QUIT PIPE; while :; do sleep 1000; done) & done; wait`,
    sign: async (container) => (await processes(container, /sleep 1000/)) >= 30,
  },
  {
    what: 'programs that want all memory and all processors',
    command: `while :; do python3 -c 'while True: x = bytearray(1 << 28)' & python3 -c 'x = [bytearray(b"x" * (1 << 20)) for n in range(10000)]'; done`,
    sign: async (container) => (await processes(container, /python3 -c while/)) > 0,
  },
  {
    what: 'thirty sessions',
    command: 'sleep 1000',
    sign: async (container) => (await processes(container, /sleep 1000/)) > 0,
  },
]
