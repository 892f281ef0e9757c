/**
 * Answers that their client may have already (RFC 9110, 13.1.2). Each has an ETag that is made of its bytes, so that it is the same
 * from every manager and after a restart, and whoever asks with it (If-None-Match) is told 304 and sent nothing.
 */
import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from './json-schema.ts'

/** May be kept by whoever got it and by nobody between, and is to be asked about each time: it shows what is now. */
const ASK_EACH_TIME = 'private, no-cache'

/** Longer ones are encoded once, and not each time they are sent. */
const LONG = 8_192

export interface Representation {
  readonly body: string | Buffer
  readonly etag: string
}

export function representationOf(text: string): Representation {
  const etag = `"${hash('sha256', text, 'base64url').slice(0, 27)}"`
  return { body: text.length > LONG ? Buffer.from(text) : text, etag }
}

/** As the route's schema says. */
export function serialised(reply: FastifyReply, answer: object): string {
  const text = reply.serialize(answer)
  if (typeof text !== 'string') throw new Error('a route has a serializer that does not make text')
  return text
}

/** To be returned from the handler. */
export function sendUnlessKnown(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, etag }: Representation,
): FastifyReply {
  reply.header('etag', etag).header('cache-control', ASK_EACH_TIME)
  if (names(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.header('content-type', 'application/json; charset=utf-8').send(body)
}

/** Compared weakly: a proxy that compresses makes it weak. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true
  return [...ifNoneMatch.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)].some(([, tag]) => tag === etag)
}

/** Of such a route, for the documentation. */
export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(
    Type.String({ description: 'The ETag of the answer that you have: 304 while it is still right' }),
  ),
})
export const NotModified = Type.Null({ description: 'What you have is still right: your If-None-Match names its ETag' })
