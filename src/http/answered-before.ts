/**
 * The same request again, byte for byte, whose answer is still right: it is given as it was, without all that led to it. That
 * takes half the time, and is what clients do that look again and again. Only where everybody is the same to us: nobody is asked
 * who they are, and nobody's requests are counted. Then all that makes a difference is in the request and in the rows.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/ports.ts'
import type { Store } from '../core/store.ts'
import { callerOf } from './access/identity.ts'
import { sendUnlessKnown } from './conditional.ts'
import { cutOffAfter } from './following/long-poll.ts'
import { isRight, type Kept } from './kept-answers.ts'

/** Beyond these, all are forgotten: whoever sends something else each time gains nothing. */
const MOST = 64
/** Characters of a request that is remembered, and of its answer: a longer one takes its time wherever it comes from. */
const LONGEST = 2_048
const LONGEST_ANSWER = 64 * 1024

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface AnsweredBefore {
  /** Answers what was answered before, and leaves everything else to this. */
  or(handler: Handler): Handler
  /** As `sendUnlessKnown`; to be returned from the handler. */
  send(request: FastifyRequest, reply: FastifyReply, kept: Kept): FastifyReply
}

interface Answer {
  readonly kept: Kept
  readonly route: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | null
}

interface AnsweringContext {
  readonly store: Pick<Store, 'snapshot'>
  readonly clock: Clock
  readonly log: Log
  /** As of `ServerContext`. */
  readonly rateLimit: number
  readonly streaming: { readonly patience: number }
}

export function openAnsweredBefore({ store, clock, log, rateLimit, streaming }: AnsweringContext): AnsweredBefore {
  const answers = new Map<string, Answer>()

  function sendAgain(response: ServerResponse, { status, headers, body, route }: Answer): void {
    cutOffAfter(response, streaming.patience)
    response.writeHead(status, headers).end(body)
    log.info(`GET ${route}`, { status, ms: 0 })
  }

  function remember(request: FastifyRequest, reply: FastifyReply, kept: Kept): void {
    const key = keyOf(request.raw)
    const { statusCode: status } = reply
    const sent = status === 304 ? null : kept.body
    if (key.length > LONGEST || (sent !== null && sent.length > LONGEST_ANSWER)) return
    // Of other rows than these, none is right any more.
    const [any] = answers.values()
    if (any?.kept.snapshot !== kept.snapshot || answers.size >= MOST) answers.clear()
    // What fastify adds to those of the reply; Node adds the rest.
    const length = sent !== null && { 'content-length': String(Buffer.byteLength(sent)) }
    const headers = { ...(reply.getHeaders() as Record<string, string>), ...length }
    const route = request.routeOptions.url ?? ''
    answers.set(key, { kept, route, status, headers, body: sent })
  }

  return {
    or: (handler) => (request, response) => {
      const answer = request.method === 'GET' && answers.size > 0 ? answers.get(keyOf(request)) : undefined
      if (!answer) return handler(request, response)
      store.snapshot().then(
        (current) =>
          isRight(answer.kept, current, clock()) ? sendAgain(response, answer) : handler(request, response),
        () => handler(request, response),
      )
    },
    send(request, reply, kept) {
      sendUnlessKnown(request, reply, kept)
      if (rateLimit === 0 && callerOf(request).auth === 'none') remember(request, reply, kept)
      return reply
    },
  }
}

/** No part of it has a line feed in it. */
function keyOf({ httpVersion, url, rawHeaders }: IncomingMessage): string {
  return `${httpVersion}\n${url}\n${rawHeaders.join('\n')}`
}
