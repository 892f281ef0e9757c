/**
 * A copy of this checkout at a path that breaks careless scripts. Its commands run in surroundings as hostile as
 * wanted.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const COMMAND_TIMEOUT_MS = 120_000
/** Variables of the caller that say where the engine and npm's cache are; anything else is dropped. */
const KEPT = /^(DOCKER_|npm_config_|NODE_EXTRA_CA_CERTS$|https?_proxy$|no_proxy$)/i

export interface Surroundings {
  readonly umask: string
  /** Everything that the commands see, besides the PATH and where the engine is. */
  readonly env: Readonly<Record<string, string>>
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A checkout and the surroundings of its commands. */
export class HostileCheckout {
  readonly folder: string
  readonly #surroundings: Surroundings

  constructor(folder: string, surroundings: Surroundings) {
    this.folder = folder
    this.#surroundings = surroundings
  }

  /** Runs a program of the checkout or of the PATH, with its stdin closed. Never rejects for an exit code. */
  async run(program: string, ...args: string[]): Promise<Ran> {
    const { child, output } = this.start(program, ...args)
    const timeout = setTimeout(() => endGroup(child, 'SIGKILL'), COMMAND_TIMEOUT_MS)
    const [code] = await once(child, 'close')
    clearTimeout(timeout)
    return { code: code as number | null, ...output }
  }

  /** As `run`, for what must succeed; returns its stdout. */
  async succeeds(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, ...args)
    if (code === 0) return stdout
    throw new Error(`${program} ${args.join(' ')} exits with ${code}:\n${stdout}\n${stderr}`)
  }

  /** Leaves it running, in a process group of its own. */
  start(program: string, ...args: string[]): { child: ChildProcess; output: { stdout: string; stderr: string } } {
    const { umask, env } = this.#surroundings
    const child = spawn('/bin/sh', ['-c', 'umask "$0" && exec "$@" <&-', umask, program, ...args], {
      cwd: this.folder,
      env: { ...inherited(), ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
      })
    }
    return { child, output }
  }
}

/** Signals a command of `start` and all that it started. */
export function endGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal)
}

/**
 * Copies the files that git tracks, and links node_modules file by file, as `just setup` has left it. Returns the
 * folders of the checkout and of temporary files, both with blanks, quotes and umlauts in their paths. Removed after
 * the file's tests.
 */
export function copyCheckout(): { checkout: string; temporary: string } {
  const folder = mkdtempSync(join(tmpdir(), 'berth-hostile-'))
  after(() => rmSync(folder, { recursive: true }))
  const checkout = join(folder, `it's my "lab" ü`, 'x y')
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }).split('\0')
  for (const file of tracked) {
    if (file === '' || !existsSync(join(ROOT, file))) continue
    mkdirSync(dirname(join(checkout, file)), { recursive: true })
    copyFileSync(join(ROOT, file), join(checkout, file))
  }
  const modules = join(checkout, 'node_modules')
  // Links are not possible to another file system.
  execFileSync('sh', [
    '-c',
    'cp -al "$1" "$2" 2>/dev/null || cp -a "$1" "$2"',
    'sh',
    join(ROOT, 'node_modules'),
    modules,
  ])
  const stamp = join(modules, '.berth-lock')
  for (const own of [stamp, join(modules, '.cache')]) rmSync(own, { recursive: true, force: true })
  const lock = createHash('sha256')
    .update(readFileSync(join(checkout, 'package-lock.json')))
    .digest('hex')
  writeFileSync(stamp, `${lock}  -\n`)
  const temporary = join(folder, 't m p')
  mkdirSync(temporary)
  return { checkout, temporary }
}

function inherited(): Record<string, string> {
  const path = (process.env['PATH'] ?? '').split(':').filter((place) => !place.startsWith(ROOT))
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name)) as [string, string][]
  return { ...Object.fromEntries(kept), PATH: path.join(':') }
}
