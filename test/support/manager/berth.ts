/** The command as people run it: its own process, piped or in a terminal, with a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

export const BERTH = fileURLToPath(new URL('../../../bin/berth', import.meta.url))

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Shown {
  readonly code: number | null
  readonly shown: string
}

export interface Berth {
  /** A folder that stands for the user's home; `.config/berth`, `.local/state/berth` and TMPDIR are below it. */
  readonly home: string
  readonly env: NodeJS.ProcessEnv
  /** Piped, with nothing on stdin unless it is said. */
  run(...args: string[]): Promise<Ran>
  runWith(options: { readonly stdin?: string; readonly env?: NodeJS.ProcessEnv }, ...args: string[]): Promise<Ran>
  /** What must succeed, as its JSON. */
  json<T>(...args: string[]): Promise<T>
  /** In a terminal of 80 columns: everything that it shows. */
  inTerminal(...args: string[]): Promise<Shown>
  /** The same, and when this is shown somebody types that. */
  inTerminalWith(typing: { readonly at: RegExp; readonly type: string }, ...args: string[]): Promise<Shown>
  /** Left running. */
  start(...args: string[]): {
    readonly child: ChildProcess
    readonly output: () => string
    readonly ended: Promise<Ran>
  }
}

/** Made at the top of a test file; what it wrote is removed after the file's tests. */
export function testBerth(env: NodeJS.ProcessEnv = {}): Berth {
  const home = mkdtempSync(join(tmpdir(), 'berth-home-'))
  const tmp = join(home, 'tmp')
  mkdirSync(tmp)
  after(() => rmSync(home, { recursive: true }))
  const { BERTH_URL: _url, BERTH_TOKEN: _token, NO_COLOR: _colour, ...around } = process.env
  const base = { ...around, HOME: home, XDG_CONFIG_HOME: '', XDG_STATE_HOME: '', TMPDIR: tmp, TERM: 'xterm', ...env }

  function start(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const child = spawn(program, args, { env: { ...base, ...more }, stdio: ['pipe', 'pipe', 'pipe'] })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
      })
    }
    const ended = once(child, 'close').then(([code]): Ran => ({ code: code as number | null, ...output }))
    return { child, output: () => output.stdout + output.stderr, ended }
  }

  const berth: Berth = {
    home,
    env: base,
    run: (...args) => berth.runWith({}, ...args),
    async runWith({ stdin = '', env: more = {} }, ...args) {
      const { child, ended } = start(BERTH, args, more)
      child.stdin?.end(stdin)
      return ended
    },
    async json<T>(...args: string[]) {
      const { code, stdout, stderr } = await berth.run(...args, '--json')
      if (code !== 0) throw new Error(`berth ${args.join(' ')} exits with ${code}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    inTerminal: (...args) => berth.inTerminalWith({ at: /(?!)/, type: '' }, ...args),
    async inTerminalWith({ at, type }, ...args) {
      const quoted = [BERTH, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
      const { child, output, ended } = start('script', ['-qec', `stty cols 80; ${quoted}`, '/dev/null'])
      let typed = false
      child.stdout?.on('data', () => {
        if (typed || !at.test(output())) return
        typed = true
        // Its stdin stays open: `script` would end the terminal with it.
        child.stdin?.write(type)
      })
      const { code, stdout } = await ended
      return { code, shown: stdout.replaceAll('\r\n', '\n') }
    },
    start: (...args) => start(BERTH, args),
  }
  return berth
}
