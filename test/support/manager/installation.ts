/** Several installations of Berth on one engine: each with its own folder, database and berth.yml. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { stringify } from 'yaml'
import { removeInstance } from '../../../lab/instance.ts'
import { TestManager } from '../../../lab/manager.ts'
import { reservePorts } from '../../../lab/ports.ts'

interface InstallationOptions {
  readonly instance: string
  /** Sizes by name. */
  readonly pools: Readonly<Record<string, number>>
  /** Of the first pool's containers; taken from those that are free without it. */
  readonly sshPorts?: readonly number[]
  readonly pool?: object
  readonly top?: object
}

/** After the file's tests it is killed, its folder removed, and whatever the instance has left. */
export async function installation(name: string, options: InstallationOptions): Promise<TestManager> {
  const { instance, pools, top, pool = {} } = options
  const [port = 0, ...free] = await reservePorts(1 + Object.values(pools).reduce((sum, size) => sum + size, 0))
  const ports = [...(options.sshPorts ?? free)]
  const entries = Object.entries(pools).map(([key, size]) => {
    return [key, { size, ssh_ports: ports.splice(0, size).join(','), ...pool }] as const
  })
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  const listen = `127.0.0.1:${port}`
  writeFileSync(
    join(folder, 'berth.yml'),
    stringify({ listen, instance, auth: 'none', ...top, pools: Object.fromEntries(entries) }),
  )
  const manager = new TestManager(instance, Object.keys(pools)[0] ?? '', folder, `http://${listen}`, {})
  after(async () => {
    await manager.kill()
    rmSync(folder, { recursive: true })
    await removeInstance(instance)
  })
  return manager
}
