import type { FastifyInstance } from 'fastify'
import { BerthError, reasonOf } from '../domain/errors.ts'

/** Returns the URL at which the server now listens. Throws `invalid_config` if the address cannot be used. */
export async function listen(server: FastifyInstance, address: { host: string; port: number }): Promise<string> {
  const { host, port } = address
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const why = `cannot listen on ${host}:${port}: ${reasonOf(error)}`
    const advice = 'is another manager running? BERTH_LISTEN or berth.yml names another address'
    throw new BerthError('invalid_config', `${why}; ${advice}`, { cause: error })
  }
}
