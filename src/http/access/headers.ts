/** What browsers are told about every answer. */
import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/** Answers are data: nothing in them may load, run, be framed or be sent anywhere. Pages of ours say so themselves. */
const NOTHING = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
}

/** To be called before the hooks that may refuse a request, so that refusals have the headers, too. */
export function securityHeaders(server: FastifyInstance): void {
  void server.register(helmet, {
    contentSecurityPolicy: NOTHING,
    xFrameOptions: { action: 'deny' },
    // We serve plain HTTP: it is for the proxy that adds TLS to say that there is nothing else.
    strictTransportSecurity: false,
  })
}
