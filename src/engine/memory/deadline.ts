import { BerthError } from '../../domain/errors.ts'
import type { ExecRequest, ExecResult, Observed } from '../../ports/engine.ts'

/** Plays the commands that run inside containers. The signal ends with the request's deadline. */
export type ExecHandler = (
  container: Observed,
  request: ExecRequest,
  signal: AbortSignal,
) => ExecResult | Promise<ExecResult>

/** Runs the handler of a command. Throws `engine_unavailable` past the deadline, and aborts its signal. */
export async function withinDeadline<T>(timeoutMs: number, run: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const control = new AbortController()
  const { signal } = control
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new BerthError('engine_unavailable', `exec: ${signal.reason}`)))
  })
  const timer = setTimeout(() => control.abort(`no answer within ${timeoutMs} ms`), timeoutMs)
  try {
    return await Promise.race([run(signal), late])
  } finally {
    clearTimeout(timer)
  }
}
