/** By how much one key or one click extends a reservation. */
import { clockText, type TimeWords } from '../words/time.ts'

const HALF_AN_HOUR_S = 30 * 60

/** Returns the duration for the API, in seconds: 30 minutes, or the pool's default if that is shorter. */
export function extensionOf(pool: { readonly duration_default_seconds: number } | undefined): string {
  return `${Math.min(HALF_AN_HOUR_S, pool?.duration_default_seconds ?? HALF_AN_HOUR_S)}s`
}

/** Returns "alpine-3: until 15:40". */
export function extendedText(
  { names, expiresAt }: { readonly names: string; readonly expiresAt: string | null },
  now: number,
  words: TimeWords,
): string {
  return expiresAt === null ? `${names}: extended` : `${names}: until ${clockText(Date.parse(expiresAt), now, words)}`
}
