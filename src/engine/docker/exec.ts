import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { BerthError } from '../../core/errors.ts'
import type { ExecRequest, ExecResult } from '../../core/ports.ts'
import { Demultiplexer, type Outputs } from './demux.ts'
import { answerOf, statusOf } from './errors.ts'

/** Bytes kept of each output. */
const OUTPUT_LIMIT = 1024 * 1024

/**
 * Runs a command in three round trips: make the exec, start it (its socket becomes the command's stdin and outputs),
 * ask for the exit code. Whatever Docker refuses of it is `guest_failed`: the container is not running, or went away
 * meanwhile. Past the deadline nobody is told to stop: Docker cannot end an exec, and the container of a stuck one is
 * replaced.
 */
export async function execute(
  container: Docker.Container,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  try {
    const exec = await container.exec({
      Cmd: [...request.command],
      AttachStdin: request.stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal: signal,
    })
    const socket = await exec.start({ hijack: true, stdin: false, abortSignal: signal })
    const outputs = await converse(socket, request.stdin, signal)
    return { code: await exitCode(exec, signal), ...outputs }
  } catch (error) {
    const status = statusOf(error)
    if (status === 404 || status === 409) throw new BerthError('guest_failed', answerOf(error), { cause: error })
    throw error
  }
}

/** Writes stdin, half-closes, and reads until the command's outputs end. */
async function converse(socket: Duplex, stdin: string | undefined, signal: AbortSignal): Promise<Outputs> {
  const outputs = new Demultiplexer(OUTPUT_LIMIT)
  socket.on('data', (chunk: Buffer) => outputs.write(chunk))
  try {
    const ended = once(socket, 'end', { signal })
    if (stdin !== undefined) socket.end(stdin)
    await ended
    return outputs.outputs()
  } finally {
    socket.destroy()
  }
}

/**
 * Docker may close the outputs a moment before it has noted the end of the command, or the command closed them early.
 */
async function exitCode(exec: Docker.Exec, signal: AbortSignal): Promise<number> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
    const { Running, ExitCode } = await exec.inspect({ abortSignal: signal })
    if (!Running && ExitCode !== null) return ExitCode
    await sleep(pause, undefined, { signal })
  }
}
