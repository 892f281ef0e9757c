import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const FIRST = 20_000
const LAST = 29_999
const BLOCK_SIZE = 50

/**
 * Returns ports that no other test has while this process lives. The range is divided into blocks, and the first port
 * of a block is its lock: the process that listens on it owns the rest. The kernel frees it with the process, so there
 * are no stale locks.
 */
export async function reservePorts(count: number): Promise<number[]> {
  if (count >= BLOCK_SIZE) throw new RangeError(`at most ${BLOCK_SIZE - 1} ports at a time, not ${count}`)
  for (let lock = FIRST; lock + BLOCK_SIZE - 1 <= LAST; lock += BLOCK_SIZE) {
    const lockServer = await tryToListen(lock, '127.0.0.1')
    if (lockServer === null) continue
    const ports = Array.from({ length: count }, (_, index) => lock + 1 + index)
    if (await areFree(ports)) return ports
    lockServer.close()
  }
  throw new Error(`no ports are left between ${FIRST} and ${LAST}`)
}

/** Listens on the port; returns null when it is taken. Does not keep the process alive. */
export async function tryToListen(port: number, host: string): Promise<Server | null> {
  const server = createServer().unref()
  server.listen({ port, host, exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch {
    return null
  }
}

/** A killed test leaves containers behind, whose ports Docker still holds. */
async function areFree(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const server = await tryToListen(port, '0.0.0.0')
    if (server === null) return false
    server.close()
    await once(server, 'close')
  }
  return true
}
