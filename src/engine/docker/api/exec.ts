import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { BerthError } from '../../../domain/errors.ts'
import type { ExecRequest, ExecResult } from '../../../ports/engine.ts'
import type { Abandoned } from './abandoned.ts'
import type { ExecInspectInfo } from './types.ts'
import type { Docker } from './client.ts'
import { MAX_OUTPUT_BYTES } from '../../bounded-requests.ts'
import { Demultiplexer } from './demux.ts'
import { asGuestError, unexpectedResponse } from './errors.ts'

/**
 * Runs a command in a container, by its id or name, in three round trips: create the exec, start it (its socket becomes
 * the command's stdin and outputs), ask for the exit code. Throws `guest_failed` when the container is not running or
 * goes away meanwhile (Docker refuses nothing else here), and when the command writes more than `MAX_OUTPUT_BYTES`.
 * Docker cannot end an exec: the stream of one that has not ended goes to `abandoned`, and until it ends the next
 * command is `guest_failed`.
 */
export async function execute(
  docker: Docker,
  container: string,
  { command, stdin }: Pick<ExecRequest, 'command' | 'stdin'>,
  signal: AbortSignal,
  abandoned?: Abandoned,
): Promise<ExecResult> {
  if (abandoned?.has(container))
    throw new BerthError('guest_failed', 'an earlier command in the container has not ended')
  const abandon = (stream: Duplex) => void (abandoned ? abandoned.add(container, stream) : stream.destroy())
  return asGuestError(async () => {
    const { id, socket } = await beginExec(docker, container, { command, stdin: stdin !== undefined }, signal)
    const outputs = new Demultiplexer(MAX_OUTPUT_BYTES)
    await converse(socket, { stdin, outputs, abandon }, signal)
    return { code: await exitCode(docker, id, signal), ...outputs.outputs() }
  })
}

/** Starts a command. Its socket is the command's stdin, if it has one, and its outputs. */
export async function beginExec(
  docker: Docker,
  container: string,
  { command, stdin }: { readonly command: readonly string[]; readonly stdin: boolean },
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly socket: Duplex }> {
  // As root: an image may name another user, who could not make accounts.
  const body = { User: '0:0', Cmd: command, AttachStdin: stdin, AttachStdout: true, AttachStderr: true }
  const made = await docker.post<{ Id: string }>(`/containers/${container}/exec`, { body, signal })
  if (made === undefined) throw unexpectedResponse()
  const socket = await docker.upgrade(`/exec/${made.Id}/start`, { body: { Detach: false, Tty: false }, signal })
  return { id: made.Id, socket }
}

interface Exchange {
  readonly stdin: string | undefined
  readonly outputs: Demultiplexer
  readonly abandon: (stream: Duplex) => void
}

/** Writes stdin, half-closes, and reads until the command's outputs end. */
async function converse(socket: Duplex, { stdin, outputs, abandon }: Exchange, signal: AbortSignal): Promise<void> {
  const { promise: tooMuch, resolve } = Promise.withResolvers<void>()
  const ended = new Promise((done) => {
    socket.once('close', done).once('end', done)
  })
  socket.on('data', (chunk: Buffer) => {
    outputs.write(chunk)
    if (outputs.isTruncated) resolve()
  })
  socket.once('error', () => socket.destroy())
  let hasEnded = false
  try {
    signal.throwIfAborted()
    if (stdin !== undefined) socket.end(stdin)
    await Promise.race([ended.then(() => (hasEnded = true)), tooMuch, once(signal, 'abort')])
    signal.throwIfAborted()
    if (outputs.isTruncated) throw tooMuchOutput()
  } finally {
    if (hasEnded) socket.destroy()
    else abandon(socket)
  }
}

function tooMuchOutput(): BerthError {
  return new BerthError('guest_failed', `the command wrote more than ${MAX_OUTPUT_BYTES / 1024} KiB`)
}

/** Docker may close the outputs before it has noted the end of the command, and the command may close them early. */
export async function exitCode(docker: Docker, exec: string, signal: AbortSignal): Promise<number> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
    const { Running, ExitCode } = await docker.get<ExecInspectInfo>(`/exec/${exec}/json`, { signal })
    if (!Running && ExitCode !== null) return ExitCode
    await sleep(pause, undefined, { signal })
  }
}
