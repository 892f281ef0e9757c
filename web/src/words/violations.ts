/** Assigns the errors of the manager to the fields of a form. */
import { ApiError } from '../../../src/client/client.ts'

/** Returns what is wrong with a field; null if the error does not concern it. */
export function violationAt(error: unknown, path: string): string | null {
  if (!(error instanceof ApiError)) return null
  const found = error.violations.filter((one) => one.path === path || one.path === `body.${path}`)
  return found.length === 0 ? null : found.map(({ message }) => `${path} ${message}`).join('; ')
}

/** Returns the violation of the only field of a form, or the whole message if there is none. */
export function messageOf(error: unknown, path: string): string {
  return violationAt(error, path) ?? (error instanceof Error ? error.message : String(error))
}
