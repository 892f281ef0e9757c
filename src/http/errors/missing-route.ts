/** Refuses requests that no route takes: 404, or 405 with the methods that the path has. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BerthError } from '../../domain/errors.ts'
import { pathOf } from './answer-error.ts'

/** To be called after `admit` and before the routes are registered. Refuses before the body is read. */
export function refuseMissing(server: FastifyInstance): void {
  const known: { method: string; pattern: RegExp }[] = []
  server.addHook('onRoute', ({ url, method }) => {
    const steps = url
      .split('/')
      .map((step) => (step.startsWith(':') ? '[^/]+' : step === '*' ? '.+' : RegExp.escape(step)))
    const pattern = new RegExp(`^${steps.join('/')}$`)
    known.push(...[method].flat().map((name) => ({ method: name, pattern })))
  })

  function refuse(request: FastifyRequest, reply: FastifyReply): never {
    const path = pathOf(request).replace(/(?<=.)\/$/, '')
    const allowed = [...new Set(known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
    if (allowed.length === 0) throw nothingHere()
    reply.header('allow', allowed.join(', '))
    const message = `${request.method} is not allowed here; allowed: ${allowed.join(', ')}`
    throw new BerthError('method_not_allowed', message)
  }

  // For handlers that find nothing.
  server.setNotFoundHandler(() => {
    throw nothingHere()
  })
  // Added after the plugins, so that it runs after their hooks.
  server.after(() =>
    server.addHook('onRequest', (request, reply, done) => {
      if (request.is404) refuse(request, reply)
      done()
    }),
  )
}

function nothingHere(): BerthError {
  return new BerthError('not_found', 'there is nothing at this path')
}
