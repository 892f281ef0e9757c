/** `pools.NAME.hold`: limits of reservations on hold. */
import type { HoldLimits } from '../domain/pool.ts'
import type { SettingsReader } from './reader.ts'
import * as value from './values.ts'

const HOLD = {
  max: { parse: value.span },
  containers: { parse: value.whole(1, 10_000) },
} as const

const MINUTE_MS = 60_000

/** Returns null without the key, and for an invalid one, which is reported. */
export function readHold(reader: SettingsReader, content: unknown, path: readonly string[]): HoldLimits | null {
  const overrides = Object.keys(HOLD).filter((key) => reader.override([...path, key]) !== undefined)
  if (content === undefined && overrides.length === 0) return null
  const { all, some } = reader.map(content, path, HOLD)
  if (some.max !== undefined && some.max < MINUTE_MS) reader.report([...path, 'max'], 'must be at least 1m')
  return all
}
