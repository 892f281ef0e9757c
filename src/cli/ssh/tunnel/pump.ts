/** Forwards bytes between a tunnel and the streams of this process. */
import { setInterval as every } from 'node:timers/promises'
import type { Duplex, Readable, Writable } from 'node:stream'
import { type OpenTunnel, TunnelClosed } from './connection.ts'

/** Maximum input that waits in memory, but for one chunk. */
const MAX_WAITING_BYTES = 256 * 1024
/** The manager pings every 30 s. After this time without anything from it, the connection is dead. */
const SILENCE_MS = 90_000
const CHECK_MS = 15_000
/** sshd has closed the connection. */
const NORMAL = 1000

/** Resolves when sshd or the input has ended the connection. Throws `TunnelClosed` when the manager has. */
export async function pump({ socket, first }: OpenTunnel, input: Readable | Duplex, output: Writable): Promise<void> {
  const stopped = new AbortController()
  const closed = Promise.withResolvers<void>()
  let heardAt = performance.now()
  let hasEnded = false
  const heard = () => {
    heardAt = performance.now()
  }
  const print = (bytes: Buffer) => {
    heard()
    // Returns false when the reader takes no more for now.
    if (!output.write(bytes)) socket.pause()
  }
  socket.on('ping', heard)
  socket.on('message', print)
  socket.once('close', (code, reason) => {
    if (hasEnded || code === NORMAL) closed.resolve()
    else closed.reject(new TunnelClosed(code, reason.toString()))
  })
  output.on('drain', () => socket.resume())
  input.on('data', (chunk: Buffer) => {
    socket.send(chunk, { binary: true }, () => {
      if (socket.bufferedAmount < MAX_WAITING_BYTES) input.resume()
    })
    if (socket.bufferedAmount >= MAX_WAITING_BYTES) input.pause()
  })
  input.once('end', () => {
    hasEnded = true
    socket.close(NORMAL)
  })
  const watch = async () => {
    for await (const _ of every(CHECK_MS, undefined, { ref: false, signal: stopped.signal })) {
      if (!socket.isPaused && performance.now() - heardAt > SILENCE_MS) socket.terminate()
    }
  }
  // Ends with the abort, which rejects it.
  watch().catch(() => undefined)
  socket.resume()
  print(first)
  try {
    await closed.promise
  } finally {
    stopped.abort()
    input.pause()
  }
}
