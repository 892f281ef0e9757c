/** Other sites, whose pages a person opens beside the dashboard: one over HTTP, one over HTTPS. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

interface OtherSites {
  /** Another port of the same machine. Browsers consider it the same site, and send the cookies of all ports. */
  readonly http: string
  /** With a self-signed certificate. */
  readonly https: string
}

/** Serves an empty page without a Content-Security-Policy at every path. Call it at the top of a test file. */
export async function openOtherSites(): Promise<OtherSites> {
  const answer: RequestListener = (_request, response) =>
    void response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><title>Another site</title><link rel="icon" href="data:,"><body>')
  const servers = [createServer(answer), createHttpsServer(selfSigned(), answer)] as const
  after(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  const [http, https] = await Promise.all(servers.map(portOf))
  return { http: `http://localhost:${http}`, https: `https://localhost:${https}` }
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'berth-site-'))
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem']
    const certificate = ['-x509', '-days', '2', '-subj', '/CN=localhost', '-out', 'cert.pem']
    execFileSync('openssl', ['req', ...key, ...certificate], { cwd: folder, stdio: 'pipe' })
    return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
