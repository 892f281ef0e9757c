/** The test bed itself: its network, its images, and that nothing of it stays behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../lab/eventually.ts'
import { removeLeftovers } from '../../lab/kubernetes/leftovers.ts'
import { connectTo, runPod, sharedCluster } from './support/bed.ts'

const MAIN = fileURLToPath(new URL('../../lab/kubernetes/main.ts', import.meta.url))

describe('the cluster', () => {
  it('lets pods of two nodes reach each other, and this machine reach both', async () => {
    const cluster = await sharedCluster()
    const client = await connectTo(cluster.kubeconfig)
    after(() => client.close())
    const script = 'exec /usr/local/sbin/entrypoint'
    const [one, other] = await Promise.all(['node-a', 'node-b'].map((node) => runPod(client, script, { node })))
    assert.ok(one && other)
    const greeting = `exec 3<>/dev/tcp/${other.address}/22 && read -r line <&3 && echo "$line"`
    await eventually(async () => {
      const asked = await client.exec(one, { command: ['bash', '-c', greeting], timeoutMs: 30_000 }, 'ask')
      return asked.stdout.startsWith('SSH-2.0-')
    })
    for (const { address } of [one, other]) {
      await eventually(async () => {
        const socket = connect(22, address)
        const [data] = await once(socket, 'data')
        socket.destroy()
        return String(data).startsWith('SSH-2.0-')
      })
    }
  })

  it('leaves nothing behind when the process that started it is killed', async () => {
    const settings = () =>
      ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'].map((name) =>
        readFileSync(`/proc/sys/${name}`, 'utf8'),
      )
    const before = settings()
    const starter = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    starter.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    while (!printed.includes('kubectl get nodes')) await once(starter.stdout, 'data')
    const folder = dirname(dirname(/KUBECONFIG=(\S+)/.exec(printed)?.[1] ?? ''))
    const { cluster: number } = JSON.parse(readFileSync(`${folder}/owner.json`, 'utf8')) as { cluster: number }
    assert.ok(processesOf(folder) > 5)
    starter.kill('SIGKILL')
    await once(starter, 'exit')
    await eventually(async () => processesOf(folder) === 0 && !existsSync(`/sys/class/net/berth-kube${number}`))
    assert.ok(existsSync(`/sys/fs/cgroup/memory/berth-kube${number}`))
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(folder))
    await removeLeftovers()
    assert.ok(!existsSync(folder))
    assert.ok(!existsSync(`/sys/fs/cgroup/memory/berth-kube${number}`))
    assert.deepEqual(settings(), before)
  })
})

/** Number of processes whose command line names the folder. */
function processesOf(folder: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  }).length
}
