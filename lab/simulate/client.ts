/** Requests over connections that stay open, timed until the last byte of the answer. */
import { Agent, request } from 'node:http'
import { type Measured, startWatch } from '../samples.ts'

export interface Answer {
  readonly status: number
  readonly etag: string | undefined
  readonly body: string
  readonly took: Measured
}

export interface Request {
  readonly method: string
  readonly path: string
  /** Sent as the name of the caller. */
  readonly user: string
  readonly body?: object
  readonly etag?: string
}

export const USER_HEADER = 'x-simulated-user'

export class Client {
  readonly #agent = new Agent({ keepAlive: true })

  send(origin: string, { method, path, user, body, etag }: Request): Promise<Answer> {
    const headers = {
      [USER_HEADER]: user,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(etag !== undefined && { 'if-none-match': etag }),
    }
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const passed = startWatch()
    const sent = request(origin + path, { method, headers, agent: this.#agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const took = passed()
        const { statusCode = 0, headers: answered } = response
        resolve({ status: statusCode, etag: answered.etag, body: Buffer.concat(chunks).toString(), took })
      })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    return promise
  }

  close(): void {
    this.#agent.destroy()
  }
}
