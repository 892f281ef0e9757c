/**
 * A reader who copies the documentation's examples into a shell: with a home, a key, the commands, and a project
 * folder.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TestManager } from '../../../lab/manager.ts'
import { ROOT } from '../text/markdown.ts'
import { BERTH, testBerth } from './berth.ts'

const execute = promisify(execFile)
const EXAMPLE_TIMEOUT_MS = 120_000

export interface Reader {
  readonly home: string
  /** The folder in which the examples run; it has a copy of docs/. */
  readonly project: string
  /**
   * Runs a block when all containers are ready, and returns its stdout. The name of the pool and the manager's
   * address take the place of those in the documentation.
   */
  follow(example: string, env?: NodeJS.ProcessEnv): Promise<string>
}

/** Made at the top of a test file: what it wrote is removed after the file's tests. */
export async function openReader(manager: TestManager): Promise<Reader> {
  const settings = { BERTH_URL: manager.url, BERTH_CONFIG: join(manager.folder, 'berth.yml') }
  // Ansible's own 10 s are short for a login through the manager on a busy machine.
  const berth = testBerth({ ...settings, ANSIBLE_NOCOLOR: '1', ANSIBLE_TIMEOUT: '60' })
  const [bin, project] = [join(berth.home, 'bin'), join(berth.home, 'project')]
  for (const folder of ['.ssh', 'bin', 'project']) mkdirSync(join(berth.home, folder))
  for (const name of ['berth', 'berth-inventory']) symlinkSync(join(dirname(BERTH), name), join(bin, name))
  cpSync(join(ROOT, 'docs'), join(project, 'docs'), { recursive: true })
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(berth.home, '.ssh/id_ed25519')])

  return {
    home: berth.home,
    project,
    async follow(example, env = {}) {
      await manager.untilReady()
      const script = example
        .replaceAll('alpine', manager.pool)
        .replaceAll('http://localhost:8080', manager.url.replace('127.0.0.1', 'localhost'))
      const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: project,
        env: { ...berth.env, PATH: `${bin}:${process.env['PATH']}`, ...env },
        timeout: EXAMPLE_TIMEOUT_MS,
      })
      return stdout
    },
  }
}
