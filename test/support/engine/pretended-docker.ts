import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { connect, type Docker } from '../../../src/engine/docker/api/client.ts'

/** Connected to an engine that answers everything like this, at a socket of its own, until the test is over. */
export async function pretendDocker(
  t: TestContext,
  answer: RequestListener,
  upgraded?: (socket: Duplex) => void,
): Promise<Docker> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pretended-'))
  const server = createServer(answer)
  if (upgraded) server.on('upgrade', (_request, socket) => upgraded(socket))
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve))
  const docker = connect(`unix://${join(folder, 'docker.sock')}`)
  t.after(() => {
    docker.close()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })
  return docker
}
