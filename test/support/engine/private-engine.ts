/**
 * A dockerd of the test's own: it can be stopped, killed, started and filled up, and whatever it does, the machine's
 * own Docker does not notice. It lives in a network, mount and process namespace (a second dockerd would rewrite the
 * first one's rules in iptables), with a small disk as its storage. All of it goes with the namespaces' first process,
 * which ends when this process does, however that happens: nothing is left for the next run to stumble over.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { withEngineNames, withShortNames } from '../../../lab/docker.ts'
import { eventually } from '../../../lab/eventually.ts'

const exec = promisify(execFile)

const DISK = '1500M'
/** Inside its namespaces. */
const STORAGE = '/run/storage'
const PROGRAMS = ['dockerd', 'docker-init', 'mkfs.ext4', 'ip', 'unshare', 'nsenter']

export interface PrivateEngine {
  /** For DOCKER_HOST. */
  readonly address: string
  /** Where it publishes ports, reachable from here: for `ssh: { bind }`. */
  readonly host: string
  /** What the docker client prints, trimmed. */
  docker(...args: string[]): Promise<string>
  /** Resolves when it answers. With `liveRestore` its containers outlive it; `options` are more of dockerd's. */
  start(options?: { readonly liveRestore?: boolean; readonly options?: readonly string[] }): Promise<void>
  /** Resolves when it is down: SIGTERM stops its containers first, unless they outlive it; SIGKILL is a crash. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Runs a program where it lives. */
  within(...command: string[]): Promise<string>
  /** Leaves no space on its disk, until `empty`. */
  fill(): Promise<void>
  empty(): Promise<void>
}

/** Why there can be none here; false when there can. For `skip`. */
export function cannotHaveEngine(): string | false {
  if (process.getuid?.() !== 0) return 'it takes root to run a Docker engine of its own'
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const missing = PROGRAMS.filter((program) => !folders.some((folder) => isProgram(join(folder, program))))
  return missing.length > 0 && `a Docker engine of its own takes ${missing.join(', ')}`
}

/** Call it at the top of a test file: it ends after the file's tests. It has `image` and runs. */
export async function privateEngine(image = 'berth/box'): Promise<PrivateEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-engine-'))
  const namespaces = await openNamespaces(folder)
  const engine = new Engine(folder, namespaces.pid, await connectTo(namespaces.pid))
  after(async () => {
    await engine.clear()
    namespaces.keeper.ref()
    const ended = once(namespaces.keeper, 'exit')
    namespaces.keeper.stdin?.end()
    await ended
    rmSync(folder, { recursive: true })
  })
  await engine.start()
  await exec('sh', ['-c', `docker save "$1" | docker --host "$2" load`, 'sh', image, engine.address])
  return engine
}

class Engine implements PrivateEngine {
  readonly address: string
  readonly host: string
  readonly #pid: string
  #daemon: ChildProcess | null = null
  #log = ''

  constructor(folder: string, pid: string, host: string) {
    this.address = `unix://${folder}/docker.sock`
    this.#pid = pid
    this.host = host
  }

  async docker(...args: string[]): Promise<string> {
    const { stdout } = await exec('docker', ['--host', this.address, ...withEngineNames(args)], { timeout: 60_000 })
    return args[0] === 'ps' ? withShortNames(stdout.trim()) : stdout.trim()
  }

  async start({
    liveRestore = false,
    options: more = [],
  }: {
    liveRestore?: boolean
    options?: readonly string[]
  } = {}): Promise<void> {
    assert.equal(this.#daemon, null, 'it runs already')
    const options = ['--host', this.address, '--data-root', `${STORAGE}/docker`, '--bridge', 'none']
    // The machine's systemd is not in these namespaces.
    const cgroups = ['--exec-opt', 'native.cgroupdriver=cgroupfs', ...(liveRestore ? ['--live-restore'] : [])]
    const daemon = spawn('nsenter', [...enter(this.#pid), 'dockerd', ...options, ...cgroups, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#daemon = daemon
    this.#log = ''
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text
    })
    daemon.unref()
    ;(daemon.stderr as Socket).unref()
    await eventually(async () => (await this.docker('version')) !== '').catch((error: unknown) => {
      throw new Error(`the private engine does not answer:\n${this.#log}`, { cause: error })
    })
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon
    assert.ok(daemon, 'it does not run')
    this.#daemon = null
    daemon.ref()
    const exited = once(daemon, 'exit')
    await this.within('sh', '-c', `kill -${signal.slice(3)} $(cat /run/docker.pid)`)
    await exited
  }

  async within(...command: string[]): Promise<string> {
    const { stdout } = await exec('nsenter', [...enter(this.#pid), ...command], { timeout: 60_000 })
    return stdout.trim()
  }

  async fill(): Promise<void> {
    const ballast = `${STORAGE}/ballast`
    // Even the blocks that are kept for root, and the last small ones: dd ends with an error when there are none left.
    const append = (size: string) =>
      `dd if=/dev/zero of=${ballast} bs=${size} oflag=append conv=notrunc,nocreat 2>/dev/null || true`
    // Removing a container frees space: the loop fills it before the next container can take it.
    const keepFull = `(while [ -e ${ballast} ]; do ${append('4k')}; sleep 0.01; done) </dev/null >/dev/null 2>&1 &`
    await this.within('sh', '-c', `touch ${ballast}; ${append('1M')}; ${append('4k')}; sync; ${keepFull}`)
  }

  async empty(): Promise<void> {
    await this.within('rm', '-f', `${STORAGE}/ballast`)
  }

  /** Its containers' cgroups would outlive the namespaces. */
  async clear(): Promise<void> {
    if (!this.#daemon) await this.start()
    await this.empty()
    const containers = await this.docker('ps', '--all', '--quiet')
    if (containers !== '') await this.docker('rm', '--force', ...containers.split('\n'))
  }
}

/**
 * The first process of new namespaces: it waits for the end of its stdin, which is ours, and buries orphans meanwhile.
 */
async function openNamespaces(folder: string): Promise<{ keeper: ChildProcess; pid: string }> {
  const disk = join(folder, 'disk')
  const script = [
    'mount -t tmpfs -o mode=755 tmpfs /run',
    `mkdir ${STORAGE}`,
    `truncate --size ${DISK} ${disk}`,
    `mkfs.ext4 -q -F ${disk}`,
    `mount -o loop ${disk} ${STORAGE}`,
    // The mount keeps it.
    `rm ${disk}`,
    'ip link set lo up',
    'echo open',
    'exec docker-init -- cat >/dev/null',
  ].join('\n')
  const options = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc']
  const keeper = spawn('unshare', [...options, 'sh', '-euc', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  keeper.once('exit', (code) => keeper.stdout.destroy(new Error(`no namespaces: unshare ended with ${code}`)))
  await once(keeper.stdout, 'data')
  keeper.unref()
  for (const stream of [keeper.stdin, keeper.stdout]) if ('unref' in stream) (stream as Socket).unref()
  const pid = readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8').trim()
  return { keeper, pid }
}

/**
 * A cable between the namespaces and here; gives the address at their end. Out of a range kept for such tests (RFC
 * 2544).
 */
async function connectTo(pid: string): Promise<string> {
  const first = (Number(pid) % 32_768) * 4
  const address = (last: number) => `198.${18 + (first >> 16)}.${(first >> 8) & 255}.${(first & 255) + last}`
  const [here, there, cable] = [address(1), address(2), `berth${pid}`]
  await exec('ip', ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid])
  await exec('ip', ['address', 'add', `${here}/30`, 'dev', cable])
  await exec('ip', ['link', 'set', cable, 'up'])
  await exec('nsenter', [...enter(pid), 'ip', 'address', 'add', `${there}/30`, 'dev', 'eth0'])
  await exec('nsenter', [...enter(pid), 'ip', 'link', 'set', 'eth0', 'up'])
  return there
}

function enter(pid: string): string[] {
  return ['--target', pid, '--mount', '--net', '--pid', '--']
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
