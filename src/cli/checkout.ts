import { fileURLToPath } from 'node:url'

/**
 * Returns the folder of the checkout that this command belongs to. The package berth-cli contains
 * `packages/cli/checkout.ts` instead of this file; there it returns null.
 */
export function findCheckout(): string | null {
  return fileURLToPath(new URL('../..', import.meta.url))
}
