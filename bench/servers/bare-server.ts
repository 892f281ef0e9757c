/**
 * A program: fastify with nothing but routes that send what they were told to send, so that what a server of ours
 * adds to that can be seen. Started by `servers.ts`.
 */
import Fastify from 'fastify'

export interface BareRoute {
  readonly path: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Makes the bytes anew for each answer, from what they say. */
  readonly serialises: boolean
}

const routes = await new Promise<readonly BareRoute[]>((resolve) => process.once('message', resolve))
process.once('disconnect', () => process.exit(0))
const server = Fastify()
for (const { path, status, headers, body, serialises } of routes) {
  const object: unknown = serialises ? JSON.parse(body) : null
  server.get(path, async (_request, reply) =>
    reply
      .code(status)
      .headers(headers)
      .send(serialises ? JSON.stringify(object) : body),
  )
}
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.send?.(address)
