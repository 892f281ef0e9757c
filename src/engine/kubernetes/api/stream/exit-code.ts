/** Reads the last message of an exec, which says how the command ended. */
import type { Status } from '../types.ts'

/** Returns the exit code; null if it is unknown, as when the command could not be started. */
export function exitCodeOf(message: Status | null): number | null {
  if (message === null) return null
  const { status, reason, details } = message
  if (status === 'Success') return 0
  const cause = reason === 'NonZeroExitCode' ? details?.causes?.find((each) => each.reason === 'ExitCode') : undefined
  return /^\d+$/.test(cause?.message ?? '') ? Number(cause?.message) : null
}

/** Returns null for a message that cannot be read. */
export function readStatus(bytes: Buffer): Status | null {
  try {
    const status: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof status === 'object' ? status : null
  } catch {
    return null
  }
}
