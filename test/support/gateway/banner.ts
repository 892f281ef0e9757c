import { once } from 'node:events'
import { connect } from 'node:net'

/** Connects without SSH. Returns what was received when the connection is closed: "" if it was refused. */
export async function banner(host: string, port: number): Promise<string> {
  const socket = connect({ host, port })
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    socket.end()
  })
  socket.on('error', () => {})
  // It may be refused.
  await once(socket, 'close').catch(() => undefined)
  return text
}
