import { BerthError } from '../../../domain/errors.ts'

/** Returns a full id, or throws. Docker would also take a name, and hit the container that has it now. */
export function assertFullId(id: string): string {
  if (!/^[0-9a-f]{64}$/.test(id)) throw new BerthError('engine_failed', `invalid container id ${JSON.stringify(id)}`)
  return id
}

/** Returns an id as Docker shows it to people. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}
