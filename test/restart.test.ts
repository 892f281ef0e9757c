/** What a restart of the manager changes for reservations. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { loadConfig } from '../src/config/config.ts'
import { startManager } from '../src/main.ts'
import { eventually } from '../lab/eventually.ts'
import { reservePorts } from '../lab/ports.ts'

/** Longer than the keepalive. */
const DOWNTIME_MS = 10_500

it('no reservation is abandoned because its keepalive calls found no manager', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-restart-'))
  const file = join(folder, 'berth.yml')
  const [port] = await reservePorts(1)
  const pools = { lab: { size: 1, ssh_ports: '3001-3001' } }
  writeFileSync(file, stringify({ listen: `127.0.0.1:${port}`, auth: 'none', engine: 'memory', log: 'error', pools }))
  const start = async () => startManager(loadConfig({ BERTH_CONFIG: file }, file))

  const first = await start()
  await eventually(async () =>
    (await first.components.store.snapshot()).containers.some(({ state }) => state === 'ready'),
  )
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username: 'alice', keepalive: '10s' })
  const reserved = await fetch(`${first.address}/v1/reservations`, { method: 'POST', headers, body })
  assert.equal(reserved.status, 201)
  const { id } = (await reserved.json()) as { id: string }
  await first.stop()
  await sleep(DOWNTIME_MS)

  const second = await start()
  t.after(async () => {
    await second.stop()
    rmSync(folder, { recursive: true })
  })
  const kept = await fetch(`${second.address}/v1/reservations/${id}/keepalive`, { method: 'POST' })
  assert.equal(kept.status, 200, await kept.text())
})
