/** Reads `log` of berth.yml: a level, or a map of level and format. */
import type { Raw, SettingsReader } from './reader.ts'
import * as value from './values.ts'

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** null: text on a terminal, JSON otherwise. */
  readonly format: 'text' | 'json' | null
}

const LEVEL = { parse: value.oneOf('debug', 'info', 'warn', 'error'), default: 'info' } as const
const TOP = { log: LEVEL } as const
const MAP = { level: LEVEL, format: { parse: value.oneOf('text', 'json'), default: undefined } } as const

/** Reads `log` from `top`, the whole of berth.yml. Reports problems, and returns null if there are any. */
export function readLog(reader: SettingsReader, top: Raw): LogSettings | null {
  const written = reader.override(['log']) ?? top['log']
  const isMap = typeof written === 'object' || reader.overridesBelow(['log'])
  if (!isMap) {
    const { all } = reader.fields(top, [], TOP)
    return all && { level: all.log, format: null }
  }
  const content = typeof written === 'string' ? { level: written } : written
  const { all, some } = reader.map(content, ['log'], MAP)
  return all && { level: all.level, format: some.format ?? null }
}
