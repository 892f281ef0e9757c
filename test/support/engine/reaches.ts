/**
 * A manager with a pool for each reach, open to the whole machine: whatever tenants must not get at is there to be had.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { stringify } from 'yaml'
import { REACHES, type Reach } from '../../../src/domain/container.ts'
import { bridgeName } from '../../../src/engine/docker/network/spec.ts'
import { docker } from '../../../lab/docker.ts'
import { newInstance, removeLeaving } from '../../../lab/instance.ts'
import { type Reserved, TestManager } from '../../../lab/manager.ts'
import { reservePorts } from '../../../lab/ports.ts'
import { login, type Session } from '../ssh.ts'

const SIZE = 2

interface Place {
  readonly name: string
  readonly reach: Reach
  /** On the instance's network. */
  readonly address: string
  readonly sshPort: number
}

export interface Reaches {
  readonly manager: TestManager
  readonly apiPort: number
  /** Two of each pool; the first one of each is the tenant's. */
  readonly places: readonly Place[]
  readonly tenants: Readonly<Record<Reach, Session>>
  /** IPv4 addresses of this machine that are there to stay, and those of the instance's bridges. */
  readonly hostAddresses: readonly string[]
}

/** Call it at the top of a test file: it removes what it made when the file's tests are over. */
export function testReaches(name: string): { open(): Promise<Reaches> } {
  const { instance, pool } = newInstance(name)
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  const poolOf = (reach: Reach) => `${pool}-${reach}`
  const names = REACHES.flatMap((reach) => [1, 2].map((number) => `${poolOf(reach)}-${number}`))
  let manager: TestManager | undefined
  after(async () => {
    await manager?.kill()
    rmSync(folder, { recursive: true })
    await removeLeaving(instance, names)
  })
  return {
    async open() {
      const [apiPort = 0, ...sshPorts] = await reservePorts(1 + REACHES.length * SIZE)
      const settings = (reach: Reach, index: number) => ({
        size: SIZE,
        reach,
        memory: '128m',
        ssh_ports: sshPorts.slice(index * SIZE, (index + 1) * SIZE).join(','),
      })
      const pools = Object.fromEntries(REACHES.map((reach, index) => [poolOf(reach), settings(reach, index)]))
      const top = { listen: `0.0.0.0:${apiPort}`, auth: 'tokens', ssh: { bind: '0.0.0.0' } }
      writeFileSync(join(folder, 'berth.yml'), stringify({ ...top, instance, pools }))
      manager = new TestManager(instance, pool, folder, `http://127.0.0.1:${apiPort}`, {})
      await manager.startWithToken()
      await manager.untilReady()
      const tenants = await Promise.all(REACHES.map((reach) => logInTo(manager, poolOf(reach))))
      const places = names.map(async (place, index): Promise<Place> => {
        const { reach, sshPort } = { reach: REACHES[Math.floor(index / SIZE)], sshPort: sshPorts[index] }
        assert.ok(reach && sshPort !== undefined)
        return { name: place, reach, address: await addressOf(place), sshPort }
      })
      return {
        manager,
        apiPort,
        places: await Promise.all(places),
        tenants: Object.fromEntries(REACHES.map((reach, index) => [reach, tenants[index]])) as Reaches['tenants'],
        hostAddresses: hostAddresses(instance),
      }
    },
  }
}

async function logInTo(manager: TestManager | undefined, pool: string): Promise<Session> {
  const held: Reserved | undefined = await manager?.reserve({ username: 'tenant', password: 'test', pool })
  return login({ port: held?.containers[0]?.port ?? 0, username: 'tenant', password: 'test' })
}

async function addressOf(container: string): Promise<string> {
  return docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container)
}

/** Not of bridges that belong to others: those come and go. */
function hostAddresses(instance: string): string[] {
  const ours = REACHES.map((reach) => bridgeName(instance, reach))
  return Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) => {
    if (/^(?:br-|veth|berth)/.test(device) && !ours.includes(device)) return []
    return addresses.filter((a) => a.family === 'IPv4' && !a.internal).map((a) => a.address)
  })
}
