/**
 * A machine without a checkout: an empty home, and a PATH with the machine's own Node, npm and ssh, but without Docker,
 * Ansible and a compiler.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after } from 'node:test'
import { ROOT } from '../text/markdown.ts'

const PROGRAMS = ['sh', 'bash', 'env', 'cat', 'tar', 'ssh', 'scp', 'ssh-keygen', 'ssh-keyscan', 'npm']
const TIMEOUT_MS = 120_000

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface BareMachine {
  readonly home: string
  /** Version of its Node, such as "v20.19.5". */
  readonly node: string
  readonly env: NodeJS.ProcessEnv
  run(program: string, ...args: string[]): Promise<Ran>
  /** Runs a program that must succeed, and returns its stdout. */
  output(program: string, ...args: string[]): Promise<string>
}

/** Creates a bare machine. Call it at the top of a test file: its home is removed after the tests of the file. */
export function bareMachine(env: NodeJS.ProcessEnv = {}): BareMachine {
  const home = mkdtempSync(join(tmpdir(), 'berth-bare-'))
  after(() => rmSync(home, { recursive: true }))
  const bin = join(home, 'usr/bin')
  mkdirSync(bin, { recursive: true })
  for (const name of PROGRAMS) symlinkSync(findProgram(name), join(bin, name))
  const program = findProgram('node')
  symlinkSync(program, join(bin, 'node'))
  const node = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
  assert.ok(isSupportedNode(node), `this test needs Node 20.19 or newer beside the checkout's; ${program} is ${node}`)
  const prefix = join(home, '.npm-global')
  const own = {
    HOME: home,
    PATH: `${join(prefix, 'bin')}${delimiter}${bin}`,
    LC_ALL: 'C.UTF-8',
    NPM_CONFIG_PREFIX: prefix,
    NPM_CONFIG_OFFLINE: 'true',
    NPM_CONFIG_UPDATE_NOTIFIER: 'false',
    ...env,
  }
  const run: BareMachine['run'] = (name, ...args) =>
    new Promise((resolve) => {
      const options = { cwd: home, env: own, timeout: TIMEOUT_MS }
      const child = execFile(name, args, options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
      })
      child.stdin?.end()
    })
  return {
    home,
    node,
    env: own,
    run,
    async output(name, ...args) {
      const { code, stdout, stderr } = await run(name, ...args)
      assert.equal(code, 0, `${name} ${args.join(' ')} exits with ${code}: ${stderr}${stdout}`)
      return stdout
    },
  }
}

/** Builds the packages below `home`, and returns the paths of their tarballs by name. */
export function buildPackages(home: string): { readonly cli: string; readonly client: string } {
  const out = execFileSync(process.execPath, [join(ROOT, 'packages/build.ts'), join(home, 'dist')], {
    encoding: 'utf8',
  })
  const [cli = '', client = ''] = out.trim().split('\n')
  return { cli, client }
}

/** Returns the first program of this name in the PATH, without those of npm packages. */
function findProgram(name: string): string {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (folder.includes('node_modules') || !isExecutable(path)) continue
    return realpathSync(path)
  }
  return assert.fail(`this machine has no ${name} in its PATH`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 19)
}
