/** `berth run --hold`: checks that the pool allows it, and puts the reservation on hold after a failure. */
import { readFileSync } from 'node:fs'
import { answerOf, type BerthClient, type Reservation } from '../../client/client.ts'
import { reasonOf } from '../../domain/errors.ts'
import { counted } from '../../domain/text/counted.ts'
import { parseDuration } from '../../domain/text/duration.ts'
import type { Cli, CommandContext } from '../command-context.ts'
import { EXIT, Failure } from '../failures.ts'
import { formatDuration, formatTime } from '../output/format.ts'
import { LocalState } from './local-state.ts'
import { short } from './lookup.ts'

/** As of the API. */
const MIN_MS = 60_000

/** Throws a `Failure` if the pool does not allow the hold. Called before the command runs. */
export async function assertMayHold(
  client: BerthClient,
  poolName: string | undefined,
  { duration, count }: { readonly duration: string; readonly count: number },
): Promise<void> {
  const { pools } = await answerOf(client.GET('/v1/pools'))
  const pool = poolName === undefined ? pools[0] : pools.find(({ name }) => name === poolName)
  // The reserve refuses an unknown pool, and names those that exist.
  if (!pool) return
  const { name, hold } = pool
  if (!hold) {
    const advice = `an admin allows it in berth.yml: pools.${name}.hold: { max: 1h, containers: 2 }`
    throw new Failure(EXIT.usage, `pool "${name}" does not allow --hold`, { advice })
  }
  if (count > hold.containers) {
    const most = `at most ${counted(hold.containers, 'container')} in pool "${name}"`
    throw new Failure(EXIT.usage, `--hold keeps ${most}, got --count ${count}`)
  }
  const durationMs = parseDuration(duration) ?? 0
  if (durationMs < MIN_MS) {
    throw new Failure(EXIT.usage, `--hold must be at least 1m, got "${duration}"`)
  }
  const maxMs = hold.max_seconds * 1_000
  if (durationMs > maxMs) {
    throw new Failure(
      EXIT.usage,
      `--hold must be at most ${formatDuration(maxMs)} in pool "${name}", got "${duration}"`,
    )
  }
}

export interface HoldRequest {
  readonly duration: string
  /** Exit code of the command. */
  readonly code: number
  /** File of the private key. */
  readonly identity: string | undefined
  /** Whether that file is removed after the run, so that the key must be copied. */
  readonly isTemporary: boolean
}

/** Puts the reservation on hold, and prints how to log in. Returns whether it is on hold. */
export async function holdAfterFailure(
  cli: Cli,
  { client, terminal, settings }: CommandContext,
  { id, name, containers }: Pick<Reservation, 'id' | 'name' | 'containers'>,
  { duration, code, identity, isTemporary }: HoldRequest,
): Promise<boolean> {
  const localState = new LocalState(cli.environment.stateDir)
  try {
    if (identity !== undefined) {
      const key = isTemporary ? localState.writeFile(id, 'id_ed25519', readFileSync(identity, 'utf8')) : identity
      localState.save(id, { url: settings.url, identity: key })
    }
    const params = { path: { id } }
    const { expires_at } = await answerOf(client.POST('/v1/reservations/{id}/hold', { params, body: { duration } }))
    const until = expires_at === null ? '' : ` until ${formatTime(expires_at, cli.clock())}`
    terminal.note(`berth: the command failed (exit code ${code}); the reservation is on hold${until}`)
    const where = name ?? containers[0]?.name ?? short(id)
    terminal.note(`  log in: berth ssh ${where}    release: berth release ${name ?? short(id)}`)
    return true
  } catch (error) {
    localState.forget(id)
    terminal.note(`berth: cannot put the reservation on hold: ${reasonOf(error)}`)
    return false
  }
}
