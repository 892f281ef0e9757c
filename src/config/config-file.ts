/** Where berth.yml is. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BerthError } from '../domain/errors.ts'
import type { Environment } from './reader.ts'

/**
 * Returns the places that are searched, in this order: the current folder, the system's folder, the checkout. The
 * checkout comes last because it always has a berth.yml; the system's folder has one only if an admin put it there.
 */
function standardPlaces(): readonly string[] {
  return [resolve('berth.yml'), '/etc/berth/berth.yml', fileURLToPath(new URL('../../berth.yml', import.meta.url))]
}

/** Returns the file that BERTH_CONFIG names, or the first place that has one. `invalid_config` if there is none. */
export function findConfigFile(
  { BERTH_CONFIG: named }: Environment,
  places: readonly string[] = standardPlaces(),
): string {
  const candidates = named ? [resolve(named)] : places
  const found = candidates.find((file) => existsSync(file))
  if (found !== undefined) return found
  const missing = named ? `${candidates.join()} does not exist` : `there is no ${candidates.join(', no ')}`
  throw new BerthError('invalid_config', `${missing}; BERTH_CONFIG names another file`)
}
