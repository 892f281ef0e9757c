/** Texts about tokens, and the request that creates one. */
import type { WantedToken } from '../../../../src/client/client.ts'
import type { Token } from '../../api/types.ts'
import { durationText } from '../../words/time.ts'

/** Returns "5 containers · at most 8 h · pools alpine, debian", or "as the pools allow". */
export function limitsText({ containers, duration_seconds: seconds, pools }: Token['limits']): string {
  const parts = [
    containers !== null && `${containers} ${containers === 1 ? 'container' : 'containers'}`,
    seconds !== null && `at most ${durationText(seconds * 1_000)}`,
    pools !== null && `${pools.length === 1 ? 'pool' : 'pools'} ${pools.join(', ')}`,
  ].filter((part) => part !== false)
  return parts.length === 0 ? 'as the pools allow' : parts.join(' · ')
}

/** Fields of the form, as they were typed. */
export interface TokenFields {
  readonly name: string
  readonly role: 'admin' | 'user'
  readonly expiresIn: string
  readonly containers: string
  readonly duration: string
  readonly pools: readonly string[]
}

/** Returns the request of these fields, without empty ones. The manager reports what is wrong in the others. */
export function wantedToken({ name, role, expiresIn, containers, duration, pools }: TokenFields): WantedToken {
  const limits = {
    ...(containers.trim() !== '' && { containers: Number(containers) }),
    ...(duration.trim() !== '' && { duration: duration.trim() }),
    ...(pools.length > 0 && { pools: [...pools] }),
  }
  return {
    name: name.trim(),
    role,
    ...(expiresIn.trim() !== '' && { expires_in: expiresIn.trim() }),
    ...(Object.keys(limits).length > 0 && { limits }),
  }
}

const LAST_ADMIN =
  'No admin token is left then. To make one, run “berth token create --offline --name NAME --admin” on the machine of ' +
  'the manager.'

/** What the deletion of a token concerns. */
export interface Deletion {
  readonly name: string
  /** Number of other tokens with the same name. */
  readonly others: number
  /** Number of open reservations of that name. */
  readonly open: number
  /** Whether this browser has signed in with it. */
  readonly isOwn: boolean
  /** Whether it is the only valid token of an admin. */
  readonly isLastAdmin: boolean
}

/** Returns whether no admin has another valid token. */
export function isOnlyAdmin(token: AdminFields, tokens: readonly AdminFields[], now: number): boolean {
  const valid = tokens.filter(({ role, expires_at: at }) => role === 'admin' && (at === null || Date.parse(at) > now))
  return valid.length === 1 && valid[0]?.id === token.id
}

type AdminFields = Pick<Token, 'id' | 'role' | 'expires_at'>

/** Returns what a deletion causes, for its confirmation. */
export function deletionText({ name, others, open, isOwn, isLastAdmin }: Deletion): string {
  const kept = open === 1 ? '1 open reservation is kept' : `${open} open reservations are kept`
  const how = others > 0 ? `accessible with the other tokens of ${name}` : 'accessible to admins only'
  const rest = open === 0 ? '' : ` ${kept}, ${how}.`
  const own = isOwn ? ' This ends your own session: you signed in with this token.' : ''
  const last = isLastAdmin ? ` ${LAST_ADMIN}` : ''
  return `From now on, programs that use it are refused, and browsers that signed in with it are signed out.${own}${last}${rest}`
}
