/** Databases of managers that are moved and lost, and the containers that they leave. */
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { docker } from '../../../lab/docker.ts'
import type { ContainerView, Reserved, TestManager } from '../../../lab/manager.ts'

export const DATABASE = ['containers.db', 'containers.db-wal', 'containers.db-shm']

export function idOf(container: string): Promise<string> {
  return docker('inspect', '--format', '{{.Id}}', container)
}

export function loginOf({ username, password, containers }: Reserved) {
  return { username, password, port: containers[0]?.port ?? 0 }
}

/** Waits until each container is ready or reserved. */
export function untilFull(manager: TestManager): Promise<void> {
  return manager.until('full', (all) => all.every(({ state }) => state === 'ready' || state === 'reserved'))
}

export async function stateOf(manager: TestManager, name: string): Promise<ContainerView | undefined> {
  return (await manager.containers()).find((one) => one.name === name)
}

/** Moves the files of a database from one folder to another. */
export function moveDatabase(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const file of DATABASE) {
    try {
      renameSync(join(from, file), join(to, file))
    } catch {
      // Without a manager there may be one file only.
    }
  }
}
