/** Finds what needs attention: problems that do not solve themselves, or not soon. */
import type { Container, Pool, ReadinessProblem, Token } from '../../api/types.ts'
import { durationText } from '../../words/time.ts'

export interface NeedsPerson {
  readonly key: string
  readonly text: string
  /** Path below /ui of the page with details; null if there is none. */
  readonly href: string | null
  /** The container that an admin can act on, and its state. */
  readonly container: { readonly name: string; readonly state: 'broken' | 'quarantined' } | null
}

export interface NeedsSources {
  readonly pools: readonly Pick<Pool, 'name' | 'problem'>[]
  readonly containers: readonly Pick<Container, 'name' | 'state' | 'since' | 'attempts' | 'retry_at' | 'error'>[]
  readonly readiness: Readiness
  /** Tokens that the caller may see. */
  readonly tokens: readonly Pick<Token, 'id' | 'name' | 'expires_at'>[]
}

/** Result of reading /readyz. */
export type Readiness =
  | { readonly kind: 'read'; readonly problems: readonly ReadinessProblem[] }
  /** It could not be read: whether the manager works is not known. */
  | { readonly kind: 'unread'; readonly reason: string }

/** A longer quarantine needs attention: it may have been forgotten. */
const LONG_QUARANTINE_MS = 60 * 60_000

/** A token that expires within this time needs attention: its programs need another one. */
const TOKEN_EXPIRES_SOON_MS = 7 * 24 * 60 * 60_000

/** Returns the most urgent first: the manager, pools, containers by number of failures, tokens by expiry. */
export function needsPerson(
  { pools, containers, readiness, tokens }: NeedsSources,
  now: number,
): readonly NeedsPerson[] {
  const ofPools = pools.flatMap(({ name, problem }) =>
    problem === null
      ? []
      : [
          {
            key: `pool ${name}`,
            text: `Pool ${name} cannot lend any container: ${problem}`,
            href: `/pools/${name}`,
            container: null,
          },
        ],
  )
  const ofContainers = containers
    .filter((one) => one.state === 'broken' || isForgotten(one, now))
    .toSorted((one, other) => other.attempts - one.attempts)
    .map((one) => containerItem(one, now))
  return [...ofManager(readiness), ...ofPools, ...ofContainers, ...expiringTokens(tokens, now)]
}

function ofManager(readiness: Readiness): readonly NeedsPerson[] {
  const item = (text: string) => ({ key: text, text: `Manager: ${text}`, href: null, container: null })
  if (readiness.kind === 'unread') return [item(`its readiness could not be read: ${readiness.reason}`)]
  // Problems of pools are taken from the list of pools.
  return readiness.problems.filter(({ pool }) => pool === null).map(({ message }) => item(message))
}

/** Returns the tokens that expire soon. Expired tokens are left out: the programs that use them fail already. */
function expiringTokens(tokens: NeedsSources['tokens'], now: number): NeedsPerson[] {
  return tokens
    .map(({ id, name, expires_at: at }) => ({ id, name, left: Date.parse(at ?? '') - now }))
    .filter(({ left }) => left > 0 && left < TOKEN_EXPIRES_SOON_MS)
    .toSorted((one, other) => one.left - other.left)
    .map(({ id, name, left }) => ({
      key: `token ${id}`,
      text: `The token of ${name} expires in ${durationText(left)}`,
      href: `/tokens?q=${encodeURIComponent(id)}`,
      container: null,
    }))
}

function containerItem(one: NeedsSources['containers'][number], now: number): NeedsPerson {
  const { name, state, since, attempts, error, retry_at: retryAt } = one
  const lasts = durationText(now - Date.parse(since))
  const href = `/containers/${name}`
  if (state !== 'broken') {
    const text = `${name} has been quarantined for ${lasts}`
    return { key: name, text, href, container: { name, state: 'quarantined' } }
  }
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const next = retryAt === null ? '' : `, ${nextTry(Date.parse(retryAt), now)}`
  const text = `${name} has been broken for ${lasts}: ${error ?? 'unknown reason'} (${tries}${next})`
  return { key: name, text, href, container: { name, state: 'broken' } }
}

function nextTry(at: number, now: number): string {
  return at <= now ? 'next attempt now' : `next attempt in ${durationText(at - now)}`
}

function isForgotten({ state, since }: Pick<Container, 'state' | 'since'>, now: number): boolean {
  return state === 'quarantined' && now - Date.parse(since) > LONG_QUARANTINE_MS
}

/**
 * Returns the line at the top of the overview: "Nothing needs attention.", "1 thing needs attention: …". While the page
 * is not live, an empty list means only that nothing was known before.
 */
export function needsSummary(items: readonly NeedsPerson[], isStale = false): string {
  const [first] = items
  if (!first) return isStale ? 'Not known whether something needs attention: not live.' : 'Nothing needs attention.'
  return items.length === 1
    ? `1 thing needs attention: ${first.text}`
    : `${items.length} things need attention, first: ${first.text}`
}
