/**
 * Serves the clients of this version as files, so that a CI runner needs only the address of a manager:
 * `npm install --global https://berth.example.org/client/berth-cli.tgz`. No token is needed: npm cannot send one, the
 * files contain no secret, and every caller gets the same. They are not part of the OpenAPI document.
 */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { BerthError, isMissingFile } from '../../domain/errors.ts'
import { OPEN } from '../auth/admission.ts'
import type { ServerContext } from '../context.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.tgz': 'application/gzip',
  '.py': 'text/x-python; charset=utf-8',
}

export function clientFileRoutes(server: FastifyInstance, { clientFiles }: ServerContext): void {
  server.get<{ Params: { name: string } }>(
    '/client/:name',
    { schema: { hide: true }, ...OPEN },
    async (request, reply) => {
      const { name } = request.params
      const path = Object.hasOwn(clientFiles, name) ? clientFiles[name] : undefined
      if (path === undefined) {
        throw new BerthError('not_found', `there is no such client; allowed: ${Object.keys(clientFiles).join(', ')}`)
      }
      return reply.type(MEDIA_TYPES[extname(name)] ?? 'application/octet-stream').send(await read(path, name))
    },
  )
}

async function read(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if (!isMissingFile(error)) throw error
    throw new BerthError('not_found', `this manager has no ${name} yet: run "just client" in its checkout`)
  }
}
