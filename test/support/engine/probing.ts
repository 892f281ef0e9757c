/** Who answers: tried over TCP, UDP and ICMP by one small program, inside a container or here. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { docker } from '../../../lab/docker.ts'
import { NEIGHBOUR } from './netns.ts'
import type { Session } from '../ssh.ts'

const run = promisify(execFile)

/**
 * Something that may answer. `hello` is TCP with one of our own listeners: nothing else that happens to answer counts.
 */
export type Target = `${'tcp' | 'udp' | 'hello'} ${string} ${number}` | `icmp ${string}`

/** Takes targets with "/" as arguments, all of them at once, and prints those that answered. Holds no single quote. */
const PROGRAM = `
import os, socket, sys
from concurrent.futures import ThreadPoolExecutor
# A socket that is bound to an interface needs no route.
DEVICE = os.environ.get("DEVICE", "").encode()
def through(s):
    if DEVICE: s.setsockopt(socket.SOL_SOCKET, 25, DEVICE)
    s.settimeout(3)
    return s
def ping():
    # Any user may do so in containers (ping_group_range), only root elsewhere.
    try: return socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    except OSError: return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def answers(target):
    kind, host, *port = target.split("/")
    try:
        if kind in ("tcp", "hello"):
            with through(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as s:
                s.connect((host, int(port[0])))
                return kind == "tcp" or s.recv(9) == b"hello"
        icmp = kind == "icmp"
        s = through(ping() if icmp else socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        # Not connected: a service on every address may answer from another one than it was asked at.
        s.sendto(bytes([8, 0, 247, 254, 0, 0, 0, 1]) if icmp else b"hello", (host, 0 if icmp else int(port[0])))
        return len(s.recv(99)) > 0
    except OSError:
        return False
targets = sys.argv[1:]
with ThreadPoolExecutor(max_workers=32) as pool:
    for target, yes in zip(targets, pool.map(answers, targets)):
        if yes: print(target)
`

/** Returns the targets that answer to root inside the tenant's container. `device`: an interface to bind to. */
export async function reachedBy(tenant: Session, targets: readonly Target[], device = ''): Promise<Target[]> {
  const sudo = `sudo env DEVICE=${device}`
  const { code, stdout, stderr } = await tenant.exec(
    `${sudo} python3 -c '${PROGRAM}' ${targets.map(escaped).join(' ')}`,
  )
  if (code !== 0) throw new Error(`the probe failed: ${stderr}`)
  return parse(stdout)
}

/** Those that answer to the machine that `openNeighbour` has opened. */
export async function reachedFromNeighbour(targets: readonly Target[]): Promise<Target[]> {
  const command = ['netns', 'exec', NEIGHBOUR, 'python3', '-c', PROGRAM, ...targets.map(escaped)]
  return parse((await run('ip', command)).stdout)
}

/** Those that answer to a container, which need not be a tenant's, nor of this machine's engine. */
export async function reachedFromContainer(
  container: string,
  targets: readonly Target[],
  runDocker = docker,
): Promise<Target[]> {
  return parse(await runDocker('exec', container, 'python3', '-c', PROGRAM, ...targets.map(escaped)))
}

/** The same for this machine: that a target is there at all. */
export async function reachedFromHere(targets: readonly Target[]): Promise<Target[]> {
  const { stdout } = await run('python3', ['-c', PROGRAM, ...targets.map(escaped)])
  return parse(stdout)
}

function escaped(target: Target): string {
  return target.replaceAll(' ', '/')
}

function parse(stdout: string): Target[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll('/', ' ') as Target)
}
