/** Programs of tests that run as processes of their own, and exchange messages with the test. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'

/**
 * Starts a program. When the current test ends, or the file if none runs, the program is killed: after a failure it
 * might wait for its next message for ever, and the file with it.
 */
export function startForked(program: string, ...words: string[]): ChildProcess {
  const child = fork(program, words)
  after(() => void child.kill('SIGKILL'))
  return child
}

/** Returns the next message of a program; null if it was killed with SIGKILL. Throws if it has ended otherwise. */
export async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = hasEnded(child)
    ? [null]
    : await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [null])])
  if (message === null) assert.equal(child.signalCode, 'SIGKILL', `a process has failed: ${child.spawnargs.join(' ')}`)
  return message
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
