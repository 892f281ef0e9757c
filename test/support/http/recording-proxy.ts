import { once } from 'node:events'
import { createServer, request, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'

export interface RecordingProxy {
  /** Headers of the latest request. */
  headers(): IncomingHttpHeaders
  /** Stops listening, and closes all connections. */
  close(): Promise<void>
}

/** Passes requests on to `target`, unchanged and without a buffer, and records their headers. */
export async function openRecordingProxy(port: number, target: string): Promise<RecordingProxy> {
  let latest: IncomingHttpHeaders = {}
  const server = createServer((incoming, outgoing) => {
    latest = incoming.headers
    const { method, url, headers } = incoming
    const upstream = request(target + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      outgoing.flushHeaders()
      answer.pipe(outgoing)
    })
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  server.on('upgrade', (incoming, socket: Socket, head: Buffer) => {
    latest = incoming.headers
    const { method, url, rawHeaders } = incoming
    const lines = rawHeaders.flatMap((text, index) => (index % 2 === 0 ? `${text}: ${rawHeaders[index + 1]}` : []))
    const upstream = connect(Number(new URL(target).port), '127.0.0.1')
    upstream.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    upstream.write(head)
    upstream.pipe(socket).pipe(upstream)
    for (const end of [upstream, socket]) end.on('error', () => end.destroy())
  })
  server.listen(port, '127.0.0.1').unref()
  await once(server, 'listening')
  return {
    headers: () => latest,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
