import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecRequest, ExecResult } from '../../core/ports.ts'
import type { ExecInspectInfo } from './answers.ts'
import type { Docker } from './connection.ts'
import { Demultiplexer, OUTPUT_LIMIT } from './demux.ts'
import { blamingGuest, senseless } from './errors.ts'

/**
 * Runs a command in a container, by its id or name, in three round trips: make the exec, start it (its socket becomes the
 * command's stdin and outputs), ask for the exit code. `guest_failed` when the container is not running, or went away
 * meanwhile: that is all that Docker refuses here. Past the deadline nobody is told to stop: Docker cannot end an exec, and
 * the container of a stuck one is replaced.
 */
export async function execute(
  docker: Docker,
  container: string,
  { command, stdin }: Pick<ExecRequest, 'command' | 'stdin'>,
  signal: AbortSignal,
): Promise<ExecResult> {
  return blamingGuest(async () => {
    const { id, socket } = await beginExec(docker, container, { command, stdin: stdin !== undefined }, signal)
    const outputs = new Demultiplexer(OUTPUT_LIMIT)
    await converse(socket, { stdin, outputs }, signal)
    return { code: await exitCode(docker, id, signal), ...outputs.outputs() }
  })
}

/** The socket is the command's stdin, if it gets one, and its outputs. */
export async function beginExec(
  docker: Docker,
  container: string,
  { command, stdin }: { readonly command: readonly string[]; readonly stdin: boolean },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly socket: Duplex }> {
  const body = { Cmd: command, AttachStdin: stdin, AttachStdout: true, AttachStderr: true }
  const made = await docker.post<{ Id: string }>(`/containers/${container}/exec`, { body, signal })
  if (made === undefined) throw senseless()
  const socket = await docker.upgrade(`/exec/${made.Id}/start`, { body: { Detach: false, Tty: false }, signal })
  return { id: made.Id, socket }
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
async function exitCode(docker: Docker, exec: string, signal: AbortSignal): Promise<number> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
    const { Running, ExitCode } = await docker.get<ExecInspectInfo>(`/exec/${exec}/json`, { signal })
    if (!Running && ExitCode !== null) return ExitCode
    await sleep(pause, undefined, { signal })
  }
}
