import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../', import.meta.url))

/** What a run of a playbook changed: the hosts, sorted, each once. */
export interface PlaybookRun {
  readonly changed: readonly string[]
}

/** Runs a playbook as `just` does. Rejects, with Ansible's output, when a task fails. */
export async function runPlaybook(name: string, berthConfig: string, ...args: string[]): Promise<PlaybookRun> {
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: `${root}ansible/ansible.cfg`,
    ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.json',
    BERTH_CONFIG: berthConfig,
  }
  const options = { env, timeout: 120_000, maxBuffer: 64 * 1024 ** 2 }
  const { stdout } = await run('ansible-playbook', [`${root}ansible/${name}.yml`, ...args], options)
  const { stats } = JSON.parse(stdout) as { stats: Record<string, { changed: number }> }
  const hosts = Object.keys(stats).filter((host) => (stats[host]?.changed ?? 0) > 0)
  return { changed: hosts.toSorted() }
}
