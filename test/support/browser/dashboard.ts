/** A manager with a dashboard for tests in a browser. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { type ManagerOptions, type TestManager, testManager } from '../../../lab/manager.ts'
import { ROOT } from '../text/markdown.ts'

/** Maximum size of the files that are loaded before the first page, compressed with gzip. 1 kB has 1,000 bytes. */
export const MAX_FIRST_LOAD_KB = 240

/** Builds the dashboard if its sources have changed since the last build. */
export function buildDashboard(): void {
  execFileSync(join(ROOT, 'scripts/lib/web'))
}

interface DashboardOptions extends ManagerOptions {
  /** `memory` needs no Docker, and its containers are ready at once, but have no sshd. */
  readonly engine: 'docker' | 'memory'
}

/** Starts a manager in its own process, and waits until its containers are ready. Call it at the top of a test file. */
export async function testDashboard(name: string, options: DashboardOptions): Promise<TestManager> {
  const { engine, top = {}, ...rest } = options
  buildDashboard()
  const manager = await testManager(name, { ...rest, top: { engine, ...top } })
  await manager.start()
  await manager.untilReady()
  return manager
}

/** Waits until the form for reserving is shown, with the focus on its first field. */
export function formOpened(page: Page): Promise<void> {
  return page.getByLabel('Count', { exact: true }).and(page.locator(':focus')).waitFor()
}

export interface MadeReservation {
  readonly id: string
  readonly containers: readonly { readonly name: string }[]
}

/** Makes a reservation, or a waiting one if `body` has `wait`. Throws if the manager refuses it. */
export async function makeReservation(manager: TestManager, body: object): Promise<MadeReservation> {
  const { status, body: made } = await manager.send('POST', '/v1/reservations', body)
  assert.ok(status === 201 || status === 202, JSON.stringify(made))
  return made as MadeReservation
}

/** Releases a reservation of a manager without sign-in, or cancels it if it waits. */
export async function releaseReservation(manager: TestManager, id: string): Promise<void> {
  await fetch(`${manager.url}/v1/reservations/${id}`, { method: 'DELETE' })
}

/** Releases everything, also what waits: a waiting reservation would take what becomes free. */
export async function releaseEverything(manager: TestManager): Promise<void> {
  for (;;) {
    const { body } = await manager.get<{ reservations: { id: string }[] }>(
      '/v1/reservations?state=waiting,preparing,active',
    )
    if (body.reservations.length === 0) break
    for (const { id } of body.reservations) await releaseReservation(manager, id)
  }
  await manager.untilReady()
}
