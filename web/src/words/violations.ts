/** Refusals of the manager at the fields that they are about. */
import { ApiError } from '../../../src/client/client.ts'

/** Returns what is wrong with a field; null if the refusal is not about it. */
export function violationAt(error: unknown, path: string): string | null {
  if (!(error instanceof ApiError)) return null
  const found = error.violations.filter((one) => one.path === path || one.path === `body.${path}`)
  return found.length === 0 ? null : found.map(({ message }) => `${path} ${message}`).join('; ')
}

/** Returns what is wrong with the only field of a form: the violation of that field, or the refusal as a whole. */
export function messageOf(error: unknown, path: string): string {
  return violationAt(error, path) ?? (error instanceof Error ? error.message : String(error))
}
