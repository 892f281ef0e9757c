/**
 * A machine of a CI system on which a job runs: a home, a git checkout of a project with a test, Node and npm of this
 * machine, ssh and git. Docker and Ansible fail on it.
 */
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { buildPackages } from '../packages/bare-machine.ts'

const TIMEOUT_MS = 120_000
const MISSING = ['ansible', 'ansible-playbook', 'docker']

export interface Ran {
  readonly code: number
  readonly output: string
}

export interface Runner {
  readonly home: string
  readonly project: string
  readonly env: NodeJS.ProcessEnv
  /** Writes the project's test.sh and commits it. */
  commitTest(script: string): void
  run(program: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>
}

/** Creates a runner. Call it at the top of a test file: its home is removed after the tests of the file. */
export function openRunner(settings: NodeJS.ProcessEnv): Runner {
  const home = mkdtempSync(join(tmpdir(), 'berth-runner-'))
  after(() => rmSync(home, { recursive: true }))
  const [bin, prefix, project] = [join(home, 'bin'), join(home, 'npm'), join(home, 'project')]
  for (const folder of [bin, prefix, project]) mkdirSync(folder)
  for (const name of MISSING) writeScript(join(bin, name), 'echo "this machine has no $0" >&2; exit 127')
  const env = {
    HOME: home,
    LANG: 'C.UTF-8',
    PATH: [bin, join(prefix, 'bin'), ...machinePath()].join(':'),
    npm_config_prefix: prefix,
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    BERTH_CLIENT: buildPackages(home).cli,
    ...settings,
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project, env, stdio: 'pipe' })
  git('init', '--quiet', '--initial-branch=main')
  for (const [key, value] of [
    ['user.name', 'A'],
    ['user.email', 'a@example.org'],
  ]) {
    git('config', key ?? '', value ?? '')
  }
  git('remote', 'add', 'origin', 'git@git.example.org:group/project.git')

  return {
    home,
    project,
    env,
    commitTest(script) {
      writeScript(join(project, 'test.sh'), script)
      git('add', '.')
      git('commit', '--quiet', '--allow-empty', '--message', 'Test')
    },
    run: (program, args, more = {}) =>
      new Promise((resolve) => {
        const options = { cwd: project, env: { ...env, ...more }, timeout: TIMEOUT_MS }
        execFile(program, args, options, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: stdout + stderr })
        })
      }),
  }
}

/** Returns the PATH without the folders of this checkout, which have another Node. */
function machinePath(): string[] {
  return (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
}

function writeScript(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}
