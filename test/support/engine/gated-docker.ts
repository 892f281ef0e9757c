import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const DOCKER_SOCKET = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '')

/** Docker behind a socket that holds requests to kill back until `open`. */
export interface GatedDocker {
  /** For `dockerHost`. */
  readonly address: string
  /** Ids of the containers whose kill was asked for. */
  readonly asked: readonly string[]
  open(): void
}

export async function gateKills(t: TestContext): Promise<GatedDocker> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-gate-'))
  const gate = Promise.withResolvers<void>()
  const asked: string[] = []
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: DOCKER_SOCKET, allowHalfOpen: true })
    let order: Promise<unknown> = Promise.resolve()
    client.on('data', (chunk: Buffer) => {
      const [, id] = /^POST \/containers\/(\w+)\/kill/.exec(chunk.toString('latin1')) ?? []
      if (id !== undefined) asked.push(id)
      order = order.then(() => (id === undefined ? undefined : gate.promise)).then(() => upstream.write(chunk))
    })
    client.once('end', () => void order.then(() => upstream.end()))
    upstream.pipe(client)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => one.destroy()).once('close', () => other.destroy())
    }
  }).listen(join(folder, 'docker.sock'))
  await once(server, 'listening')
  t.after(() => {
    gate.resolve()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return { address: `unix://${join(folder, 'docker.sock')}`, asked, open: () => gate.resolve() }
}
