/** What a tenant who is root inside has at most of the machine, and what they may do to it. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { docker } from '../../lab/docker.ts'
import { FORBIDDEN, PERMISSIVE } from '../support/engine/forbidden.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { type Login, login, loginAndRun, type Session } from '../support/ssh.ts'

const MEMORY = 128
const CPUS = 0.5
const PIDS = 64
const manager = await testManager('limits', {
  size: 1,
  pool: { memory: `${MEMORY}m`, cpus: CPUS, pids: PIDS, runtime: 'runc' },
})
let credentials: Login
let session: Session

before(async () => {
  await manager.start()
  await manager.untilReady()
  const { containers, username, password } = await manager.reserve({ username: 'greedy' })
  credentials = { port: containers[0]?.port ?? 0, username, password }
  session = await login(credentials)
})

/** What a program of root prints. It must hold no single quote. */
async function python(code: string): Promise<string> {
  return (await session.exec(`sudo python3 -c '${code}'`)).stdout
}

const IMPORTS = 'import os, sys, time'

describe('a tenant with sudo', () => {
  it('A container has no more processes than its pool allows, and its tenant stays logged in', async (t) => {
    const started = await python(`${IMPORTS}
children = []
try:
    while len(children) < 1000:
        child = os.fork()
        if child == 0: time.sleep(60); os._exit(0)
        children.append(child)
except BlockingIOError: print("refused after", len(children))
for child in children: os.kill(child, 9)
`)
    const [, count] = /^refused after (\d+)$/.exec(started) ?? []
    assert.ok(Number(count) > PIDS / 2 && Number(count) < PIDS, started)
    assert.equal((await loginAndRun(credentials, 'whoami')).stdout, 'greedy')
    tried(t, Number(count) + 1, 'processes')
  })

  it('A container gets no more memory than its pool allows: only a process that wants more is killed', async (t) => {
    const bystander = session.exec('sleep 30 & echo started; wait; echo ended')
    const taken = await python(`${IMPORTS}
if os.fork() == 0:
    taken = []
    for n in range(1, 10000):
        taken.append(os.urandom(1 << 20))
        os.write(1, b".")
print("killed by", os.wait()[1])
os.system("pkill -x sleep")
`)
    const [, dots = '', signal] = /^(\.+)killed by (\d+)$/.exec(taken) ?? []
    assert.equal(signal, '9', taken)
    assert.ok(dots.length > MEMORY / 2 && dots.length < MEMORY, `${dots.length} MiB`)
    assert.match(
      (await bystander).stdout,
      /^started[\s\S]*ended$/,
      'another process of the session ran on until it was told',
    )
    assert.equal((await loginAndRun(credentials, 'whoami')).stdout, 'greedy')
    tried(t, dots.length, 'MiB taken by one process')
  })

  it('A container gets no more processor time than its pool allows', async (t) => {
    const used = await python(`${IMPORTS}
began = time.monotonic()
for n in range(4):
    if os.fork() == 0:
        while time.monotonic() < began + 3: pass
        os._exit(0)
for n in range(4): os.wait()
times = os.times()
print((times.children_user + times.children_system) / (time.monotonic() - began))
`)
    // Four that want a core each. Shares are dealt out every 100 ms.
    assert.ok(Number(used) < CPUS * 1.2, `${used} cores`)
    const throttled = await session.exec(
      'grep nr_throttled /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null',
    )
    assert.match(throttled.stdout, /nr_throttled [1-9]/)
    tried(t, 4, 'processes that want a core each')
  })

  it('Root inside has ten capabilities, and no process can get more', async (t) => {
    const { stdout } = await session.exec(
      'sudo grep -h CapBnd /proc/self/status; sudo grep -h -E "Cap(Prm|Inh|Amb)" /proc/1/status',
    )
    const sets = [...stdout.matchAll(/(\w+):\s+([0-9a-f]+)/g)].map(
      ([, name = '', bits = '']) => [name, BigInt(`0x${bits}`)] as const,
    )
    assert.deepEqual(
      sets.map(([name]) => name),
      ['CapBnd', 'CapInh', 'CapPrm', 'CapAmb'],
    )
    for (const [name, bits] of sets) assert.equal(bits & ~ALLOWED, 0n, `${name} ${bits.toString(16)}`)
    assert.equal(sets[0]?.[1], ALLOWED)
    tried(t, sets.length, 'sets of capabilities')
  })

  it('Calls that reach beyond the container are refused, for root too', async (t) => {
    const script = FORBIDDEN.map(({ command }, index) => `(${command}) >/dev/null 2>&1 && echo ${index}`).join('\n')
    const done = (output: string) => FORBIDDEN.filter((_, index) => output.split('\n').includes(`${index}`))
    const allowed = await docker(
      'run',
      '--rm',
      ...PERMISSIVE,
      '--entrypoint',
      'sh',
      'berth/box',
      '-c',
      `${script}\ntrue`,
    )
    assert.deepEqual(done(allowed), FORBIDDEN, 'each of them works where it is allowed')
    const { stdout } = await session.exec(`sudo sh -c '${script.replaceAll("'", "'\\''")}'`)
    assert.deepEqual(done(stdout), [])
    tried(t, FORBIDDEN.length, 'attempts')
  })

  it('A container has no device, no mount and no socket of the host', async (t) => {
    const devices = (await session.exec('sudo find /dev -type b -o -type c')).stdout.split('\n').toSorted()
    const known = /^\/dev\/(?:full|null|random|tty|urandom|zero|console|ptmx|pts\/(?:ptmx|\d+))$/
    assert.deepEqual(
      devices.filter((device) => !known.test(device)),
      [],
    )
    assert.ok(devices.includes('/dev/null'))
    const mounts = (await session.exec("awk '{print $2, $3, $4}' /proc/mounts")).stdout.split('\n')
    const writable = mounts.filter((line) => /^\S+ \S+ rw/.test(line)).map((line) => line.split(' ')[0] ?? '')
    const own =
      /^\/(?:$|proc$|dev$|dev\/|etc\/(?:hosts|hostname|resolv\.conf)$|proc\/(?:keys|kcore|timer_list|latency_stats|sched_debug|scsi|interrupts)$|sys\/(?:firmware|devices|fs\/cgroup$))/
    assert.deepEqual(
      writable.filter((path) => !own.test(path)),
      [],
    )
    assert.ok(writable.includes('/'))
    assert.equal((await session.exec('sudo find / -xdev -type s')).stdout, '')
    for (const readOnly of ['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/sys/kernel/uevent_helper'])
      assert.notEqual((await session.exec(`sudo sh -c 'echo x >>${readOnly}'`)).code, 0, readOnly)
    tried(t, devices.length + mounts.length, 'devices and mounts')
  })
})

/** As docs/security.md lists them, by their numbers in linux/capability.h. */
const ALLOWED = Object.entries({
  CHOWN: 0n,
  DAC_OVERRIDE: 1n,
  FOWNER: 3n,
  FSETID: 4n,
  KILL: 5n,
  SETGID: 6n,
  SETUID: 7n,
  NET_BIND_SERVICE: 10n,
  SYS_CHROOT: 18n,
  AUDIT_WRITE: 29n,
}).reduce((bits, [, number]) => bits | (1n << number), 0n)
