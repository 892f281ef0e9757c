/** Exit codes, and expected failures with advice on what to do next. */
import { ApiError, Unreachable } from '../client/client.ts'
import { BerthError } from '../domain/errors.ts'
import { forTerminal } from '../domain/text/foreign-text.ts'
import { findCheckout } from './checkout.ts'

/** Documented in docs/cli.md and by `berth help exit-codes`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notNow: 3, unauthorised: 4, unreachable: 5 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'it failed, or `berth doctor` found a difference'],
  ['2', 'the command line, a setting or the request is invalid'],
  ['3', 'not now: too few containers, timed out in the queue, or a quota or rate limit was reached'],
  ['4', 'not authorised: the token is missing or wrong, or does not permit it'],
  ['5', 'the manager or its container engine cannot be reached'],
  ['124', 'of `berth run`: time is up (`--timeout`, or the end of the reservation)'],
  ['130', 'Ctrl-C (143: SIGTERM, 129: the terminal was closed)'],
  ['other', 'of `berth run` and `berth ssh`: exit code of the command; 255 if ssh itself failed'],
]

/** An expected failure. Anything else that is thrown is a bug. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: ExitCode
  /** What to do next. */
  readonly advice: string | undefined
  readonly code: string

  /** Each element of `message` is one line, whatever foreign text it contains. */
  constructor(
    exit: ExitCode,
    message: string | readonly string[],
    { advice, code }: { advice?: string; code?: string } = {},
  ) {
    super([message].flat().map(forTerminal).join('\n'))
    this.exit = exit
    this.advice = advice
    this.code = code ?? CODE[exit]
  }
}

/** Error codes of `--json` for failures without a code of their own. */
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
  // The message of the manager says who creates a token.
  unauthorized: [EXIT.unauthorised, 'set BERTH_TOKEN or use `berth login`'],
  forbidden: [EXIT.unauthorised, '`berth whoami` shows who you are to this manager'],
  not_found: [EXIT.failed, '`berth ls` lists your reservations'],
  not_enough: [EXIT.notNow, 'wait with --wait 10m, or reserve fewer; `berth pools` shows how many are free'],
  pool_unusable: [EXIT.failed, 'the pool works again when that is fixed; `berth pools` shows the others'],
  quota_exceeded: [EXIT.notNow, '`berth whoami` shows your limits, `berth ls` what you hold'],
  rate_limited: [EXIT.notNow, 'send fewer requests'],
  engine_unavailable: [EXIT.unreachable, 'is Docker or Kubernetes running? The manager waits for it; try again later'],
  unreachable: [EXIT.unreachable, 'try again in a minute, or ask the admin of that manager'],
  https_required: [
    EXIT.unreachable,
    'use https:// in --url or BERTH_URL; a token, if one is set, was sent unencrypted: replace it with a new one',
  ],
  not_berth: [EXIT.unreachable, 'check --url, BERTH_URL or the config file'],
}

/** Advice on a request that names something unknown, by the path of the violation. */
const ADVICE_ON_VALUES: Readonly<Record<string, string>> = { pool: '`berth pools` lists the pools' }

/** Returns the answer. A `not_found` is thrown as a `Failure` with this advice. */
export async function withAdviceIfMissing<T>(answer: Promise<T>, advice: string): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const failure = failureOf(error)
    if (failure?.code !== 'not_found') throw error
    throw new Failure(failure.exit, failure.message.split('\n'), { advice, code: failure.code })
  }
}

/** Returns anything thrown as a failure; null for a bug. */
export function failureOf(thrown: unknown): Failure | null {
  if (thrown instanceof Failure) return thrown
  if (thrown instanceof Unreachable) return certificateFailure(thrown) ?? unreachable(thrown)
  // A folder that cannot be written, or a full disk: the message names it.
  if (thrown instanceof Error && 'syscall' in thrown) return new Failure(EXIT.failed, thrown.message)
  if (thrown instanceof BerthError && thrown.code === 'internal') return null
  if (!(thrown instanceof ApiError || thrown instanceof BerthError)) return null
  const { code, violations } = thrown
  const known = Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined
  const isUnavailable = thrown instanceof ApiError && thrown.status === 503
  const [exit, general] = known ?? [isUnavailable ? EXIT.unreachable : EXIT.failed]
  const advice = violations.flatMap(({ path }) => ADVICE_ON_VALUES[path] ?? [])[0] ?? general
  return new Failure(exit, linesOf(thrown), { code, ...(advice !== undefined && { advice }) })
}

function linesOf(error: ApiError | BerthError): string | string[] {
  const { code, message, violations } = error
  // The message about a berth.yml contains its violations, one per line.
  if (code === 'invalid_config') return message.split('\n')
  // The violation "and 3 more" has no path.
  if (violations.length > 0) return violations.map(({ path, message: problem }) => `${path} ${problem}`.trimStart())
  return error instanceof ApiError ? message : message.split('\n')
}

function unreachable({ message }: Unreachable): Failure {
  const start = findCheckout() === null ? '' : '`berth serve` starts one here; '
  const advice = `is the manager running? ${start}--url or BERTH_URL names another`
  return new Failure(EXIT.unreachable, message, { advice })
}

/** Codes of OpenSSL for a certificate whose issuer is not among the known authorities. */
const UNKNOWN_AUTHORITY: readonly (string | undefined)[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]

export function isCertificateProblem(error: Unreachable): boolean {
  return certificateFailure(error) !== null
}

/** Returns null if the certificate is not the problem. */
function certificateFailure({ url, code }: Unreachable): Failure | null {
  const refused = (problem: string, advice: string) => new Failure(EXIT.unreachable, `${url} ${problem}`, { advice })
  if (UNKNOWN_AUTHORITY.includes(code)) {
    const problem = 'has a certificate of an authority that this machine does not trust'
    return refused(problem, 'NODE_EXTRA_CA_CERTS=FILE trusts the authority whose certificate (PEM) is in FILE')
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'
    return refused(
      `has a certificate that ${when}`,
      "renew it on the manager's machine, or correct the clock of this one",
    )
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return refused('has a certificate for other names', 'use the name of the certificate in --url or BERTH_URL')
  }
  return null
}
