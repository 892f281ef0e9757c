/** Programs of tests that run as processes of their own, and exchange messages with the test. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'

/**
 * Starts a program, and kills it when the current test ends, or the file if none runs. Otherwise a program that waits
 * for a message would keep the file running after a failure.
 */
export function startForked(program: string, ...args: string[]): ChildProcess {
  const child = fork(program, args)
  after(() => void child.kill('SIGKILL'))
  return child
}

/** Returns the next message of a program; null if it was killed with SIGKILL. Throws if it ended in any other way. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const message = hasEnded(child) ? null : await messageOrEnd(child)
  if (message === null) assert.equal(child.signalCode, 'SIGKILL', `a process has failed: ${child.spawnargs.join(' ')}`)
  return message
}

async function messageOrEnd(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const { signal } = over
  try {
    const ended = once(child, 'exit', { signal }).then(() => [null])
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    // Removes the listeners.
    over.abort()
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
