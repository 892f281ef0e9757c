/** Takes the place of `src/cli/checkout.ts` in the client that is installed alone: there is no checkout beside it. */
export function findCheckout(): null {
  return null
}
