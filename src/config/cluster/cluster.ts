/** `nodes`, `tolerations` and `userns` of a pool: where its containers run, for an engine of several nodes. */
import { type Toleration, TOLERATION_EFFECTS, USERNS } from '../../domain/cluster/settings.ts'
import type { Pool } from '../../domain/pool.ts'
import type { SettingsReader } from '../reader.ts'
import { InvalidValue, oneOf, type Parser, show } from '../values.ts'

const NAME = /^(?!.{64})[a-z0-9A-Z](?:[\w.-]*[a-z0-9A-Z])?$/
/** DNS name before the "/" of a key. */
const PREFIX = /^(?!.{254})[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

const effect = oneOf(...TOLERATION_EFFECTS)

/** Parses { disktype: ssd }. */
const labels: Parser<Readonly<Record<string, string>>> = (value) => {
  if (!isMap(value) || Object.keys(value).length === 0) {
    throw new InvalidValue(`must be a map of labels that nodes have, like { disktype: ssd }, not ${show(value)}`)
  }
  // Sorted, so that a change of their order in the file changes no container.
  const sorted = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(sorted.map(([key, label]) => [labelKey(key), labelValue(label, key)]))
}

/** Parses [{ key: gpu, value: "yes", effect: NoSchedule }]. */
const tolerations: Parser<readonly Toleration[]> = (value) => {
  if (!Array.isArray(value) || value.length === 0) {
    throw new InvalidValue(`must be a list like [{ key: gpu, effect: NoSchedule }], not ${show(value)}`)
  }
  return value.map((one: unknown, index) => {
    if (!isMap(one)) throw new InvalidValue(`must be a list of maps like { key: gpu }, but has ${show(one)}`)
    const unknown = Object.keys(one).find((name) => !['key', 'value', 'effect'].includes(name))
    if (unknown !== undefined) {
      throw new InvalidValue(`unknown key "${unknown}" in number ${index + 1}; allowed: key, value, effect`)
    }
    const key = labelKey(one['key'])
    return {
      key,
      value: one['value'] == null ? null : labelValue(one['value'], key),
      effect: one['effect'] == null ? null : effectOf(one['effect'], key),
    }
  })
}

export const CLUSTER = {
  nodes: { parse: labels, default: undefined, fileOnly: true },
  tolerations: { parse: tolerations, default: undefined, fileOnly: true },
  userns: { parse: oneOf(...USERNS), default: undefined },
} as const

/** Reports settings that the engine cannot follow. `engine`: as in berth.yml; undefined if that is invalid. */
export function refuseElsewhere(reader: SettingsReader, pools: readonly Pool[], engine: string | undefined): void {
  if (engine === undefined || engine === 'kubernetes') return
  const why = `needs engine: kubernetes, which has nodes; remove it with engine: ${engine}`
  for (const pool of pools) {
    for (const key of Object.keys(CLUSTER)) if (key in pool) reader.report(['pools', pool.name, key], why)
  }
}

/** Returns "disktype=ssd, zone=a"; null if none are set. */
export function formatNodes({ nodes }: Pool): string | null {
  if (nodes === undefined) return null
  return Object.entries(nodes)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
}

/** Returns "gpu=yes:NoSchedule, spot", as `kubectl taint` writes taints; null if none are set. */
export function formatTolerations({ tolerations: all }: Pool): string | null {
  if (all === undefined) return null
  const text = ({ key, value, effect: of }: Toleration) =>
    `${key}${value === null ? '' : `=${value}`}${of === null ? '' : `:${of}`}`
  return all.map(text).join(', ')
}

function labelKey(key: unknown): string {
  if (key === undefined) throw new InvalidValue('has an entry without key')
  const parts = typeof key === 'string' ? key.split('/') : []
  const [name = '', prefix] = parts.toReversed()
  const isValid = parts.length <= 2 && NAME.test(name) && (prefix === undefined || PREFIX.test(prefix))
  if (!isValid) throw new InvalidValue(`has ${show(key)}, which is not a key like gpu or example.org/gpu`)
  return parts.join('/')
}

function labelValue(value: unknown, key: string): string {
  if (typeof value === 'string' && (value === '' || NAME.test(value))) return value
  const advice = typeof value === 'boolean' || typeof value === 'number' ? '; put it in quotes' : ''
  throw new InvalidValue(
    `has ${key}: ${show(value)}, which is not a text of up to 63 letters, digits, "-", "_" and "."${advice}`,
  )
}

function effectOf(value: unknown, key: string): Toleration['effect'] {
  try {
    return effect(value)
  } catch {
    throw new InvalidValue(`has effect: ${show(value)} for ${key}; allowed: ${TOLERATION_EFFECTS.join(', ')}`)
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
