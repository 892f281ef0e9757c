import { fileURLToPath } from 'node:url'

/**
 * Returns the folder of the checkout that this command belongs to. The client that is installed alone has
 * `packages/cli/checkout.ts` in the place of this file, which returns null.
 */
export function findCheckout(): string | null {
  return fileURLToPath(new URL('../..', import.meta.url))
}
