import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import type { ExecRequest, ExecResult } from '../../core/ports.ts'
import { Demultiplexer, OUTPUT_LIMIT } from './demux.ts'
import { blamingGuest } from './errors.ts'

/**
 * Runs a command in three round trips: make the exec, start it (its socket becomes the command's stdin and outputs),
 * ask for the exit code. `guest_failed` when the container is not running, or went away meanwhile: that is all that
 * Docker refuses here. Past the deadline nobody is told to stop: Docker cannot end an exec, and the container of a stuck one
 * is replaced.
 */
export async function execute(
  container: Docker.Container,
  { command, stdin }: Pick<ExecRequest, 'command' | 'stdin'>,
  signal: AbortSignal,
): Promise<ExecResult> {
  return blamingGuest(async () => {
    const exec = await container.exec({
      Cmd: [...command],
      AttachStdin: stdin !== undefined,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal: signal,
    })
    const outputs = new Demultiplexer(OUTPUT_LIMIT)
    await converse(await exec.start({ hijack: true, stdin: false, abortSignal: signal }), { stdin, outputs }, signal)
    return { code: await exitCode(exec, signal), ...outputs.outputs() }
  })
}

/** Writes stdin, half-closes, and reads until the command's outputs end. */
async function converse(
  socket: Duplex,
  { stdin, outputs }: { readonly stdin: string | undefined; readonly outputs: Demultiplexer },
  signal: AbortSignal,
): Promise<void> {
  const ended = new Promise((resolve) => {
    socket.once('close', resolve).once('end', resolve)
  })
  socket.on('data', (chunk: Buffer) => outputs.write(chunk))
  socket.once('error', () => socket.destroy())
  try {
    signal.throwIfAborted()
    if (stdin !== undefined) socket.end(stdin)
    await Promise.race([ended, once(signal, 'abort')])
    signal.throwIfAborted()
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
