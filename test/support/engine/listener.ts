/** A client that follows events, over a real socket. */
import assert from 'node:assert/strict'
import { createParser, type EventSourceMessage } from 'eventsource-parser'

export interface Listener {
  readonly headers: Headers
  readonly messages: EventSourceMessage[]
  readonly comments: string[]
  readonly retries: number[]
  /** Waits until it has heard that many messages, or comments; throws when the stream is over before. */
  heard(count: number, what?: 'messages' | 'comments'): Promise<void>
  /** Goes away without a word. */
  cut(): void
  /** Resolves when the stream is over: "end" when the server has ended it in order. */
  readonly over: Promise<'end' | 'cut'>
}

/** Begins to listen; throws the answer's text when it is not a stream. */
export async function listen(address: string, query = '', headers: Record<string, string> = {}): Promise<Listener> {
  const gone = new AbortController()
  const answer = await fetch(`${address}/v1/events${query}`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: gone.signal,
  })
  const { body } = answer
  if (answer.status !== 200 || !body) throw new Error(await answer.text())
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  const messages: EventSourceMessage[] = []
  const comments: string[] = []
  const retries: number[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  function note<T>(list: T[], one: T): void {
    list.push(one)
    wake()
  }
  let done = false
  const parser = createParser({
    onEvent: (message) => note(messages, message),
    onComment: (comment) => note(comments, comment),
    onRetry: (ms) => retries.push(ms),
    onError: (error) => assert.fail(error),
  })
  async function read(stream: ReadableStream<Uint8Array>): Promise<'end' | 'cut'> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of stream) parser.feed(decoder.decode(chunk, { stream: true }))
      return 'end'
    } catch {
      return 'cut'
    } finally {
      done = true
      wake()
    }
  }
  async function heard(count: number, what: 'messages' | 'comments' = 'messages'): Promise<void> {
    const list = { messages, comments }[what]
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (list.length >= count || done) resolve()
    }
    waiting.add(look)
    look()
    await promise
    waiting.delete(look)
    assert.ok(list.length >= count, `the stream is over after ${list.length} ${what}, not ${count}`)
  }
  return {
    headers: answer.headers,
    messages,
    comments,
    retries,
    over: read(body),
    cut: () => gone.abort(),
    heard,
  }
}

/** What a message tells, with its id and kind as they are outside of its data. */
export function told({ id, event, data }: EventSourceMessage): Record<string, unknown> {
  const inside = JSON.parse(data)
  assert.deepEqual([String(inside.id), inside.kind], [id, event])
  return inside
}
