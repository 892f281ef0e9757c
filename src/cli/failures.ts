/** How the command ends, and what it says when something went wrong: what it was, and what to do next. */
import { ApiError, Unreachable } from '../client/client.ts'
import { BerthError } from '../core/errors.ts'
import { printable } from './terminal.ts'

/** Documented in docs/cli.md and by `berth help exit-codes`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notNow: 3, unauthorised: 4, unreachable: 5 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'it failed, or `berth doctor` found a difference'],
  ['2', 'the command line, a setting or what was asked for is wrong'],
  ['3', 'not now: too few containers, the wait was in vain, a quota or the rate limit is reached'],
  ['4', 'not authorised: no token, a wrong one, or not for you'],
  ['5', 'the manager, or its container engine, cannot be reached'],
  ['130', 'Ctrl-C (143: SIGTERM, 129: the terminal is gone)'],
  ['other', 'of `berth run` and `berth ssh`: what the command gave; 255 when ssh itself failed'],
]

/** An expected failure, in words. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: ExitCode
  /** What to do next. */
  readonly advice: string | undefined
  readonly code: string

  constructor(exit: ExitCode, message: string, { advice, code }: { advice?: string; code?: string } = {}) {
    super(message)
    this.exit = exit
    this.advice = advice
    this.code = code ?? CODE[exit]
  }
}

/** For `--json`, where nothing more precise is known. */
const CODE: Readonly<Record<ExitCode, string>> = {
  0: 'ok',
  1: 'failed',
  2: 'usage',
  3: 'not_now',
  4: 'unauthorized',
  5: 'unreachable',
}

const ADVICE: Readonly<Record<string, readonly [ExitCode, advice?: string]>> = {
  invalid_request: [EXIT.usage],
  invalid_config: [EXIT.usage],
  idempotency_mismatch: [EXIT.usage, 'use another --idempotency-key for another request'],
  unauthorized: [
    EXIT.unauthorised,
    'put a token into BERTH_TOKEN, or say `berth login`; an admin makes one with `berth token create`',
  ],
  forbidden: [EXIT.unauthorised, '`berth whoami` shows who you are to this manager'],
  not_found: [EXIT.failed, '`berth ls` shows what you have'],
  not_enough: [EXIT.notNow, 'wait for it with --wait 10m, or ask for less; `berth pools` shows what is free'],
  quota_exceeded: [EXIT.notNow, 'release something first: `berth ls` shows what you have'],
  rate_limited: [EXIT.notNow, 'ask less often'],
  engine_unavailable: [EXIT.unreachable, 'is Docker running? A manager waits for it; try again in a while'],
  not_berth: [EXIT.unreachable, 'check --url, BERTH_URL or the config file'],
}

/** Anything thrown, as a failure; null for what is a bug. */
export function failureOf(thrown: unknown): Failure | null {
  if (thrown instanceof Failure) return thrown
  if (thrown instanceof Unreachable) {
    const advice = 'is the manager running? `berth serve` starts one here; --url or BERTH_URL names another one'
    return new Failure(EXIT.unreachable, thrown.message, { advice })
  }
  // A folder that cannot be written, a disk that is full: the message names it.
  if (thrown instanceof Error && 'syscall' in thrown) return new Failure(EXIT.failed, thrown.message)
  // What runs on this machine, without a manager, says it in the same codes.
  if (thrown instanceof BerthError && thrown.code === 'internal') return null
  if (!(thrown instanceof ApiError || thrown instanceof BerthError)) return null
  const { code, message, faults } = thrown
  const later = thrown instanceof ApiError && thrown.status === 503
  const [exit, advice] = ADVICE[code] ?? [later ? EXIT.unreachable : EXIT.failed]
  const said =
    faults.length > 0
      ? faults.map((fault) => printable(`${fault.path} ${fault.message}`)).join('\n')
      : thrown instanceof ApiError
        ? printable(message)
        : message
  return new Failure(exit, said, { code, ...(advice !== undefined && { advice }) })
}
