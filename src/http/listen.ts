import type { FastifyInstance } from 'fastify'
import { BerthError, reasonOf } from '../domain/errors.ts'

/** Starts to listen, and returns the URL. Throws `invalid_config` if the address is in use or not of this machine. */
export async function listen(
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const why = `cannot listen on ${host}:${port}: ${reasonOf(error)}`
    const advice = 'is another manager running? BERTH_LISTEN or berth.yml names another address'
    throw new BerthError('invalid_config', `${why}; ${advice}`, { cause: error })
  }
}
