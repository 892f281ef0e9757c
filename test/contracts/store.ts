/** What every store does, whatever it is made of. Each test has a store of its own. */
import { after, describe } from 'node:test'
import type { Open } from './store-bench.ts'
import { containerVerbs } from './store-containers.ts'
import { endingVerbs } from './store-ending.ts'
import { eventVerbs } from './store-events.ts'
import { historyVerbs } from './store-history.ts'
import { identityVerbs } from './store-identity.ts'
import { usageVerb } from './store-usage.ts'
import { pruningVerbs } from './store-pruning.ts'
import { queueVerbs } from './store-queue.ts'
import { listingVerbs } from './store-listing.ts'
import { onHoldVerbs } from './store-on-hold.ts'
import { poolVerbs } from './store-pools.ts'
import { reservationVerbs } from './store-reservations.ts'
import { sessionVerbs } from './store-sessions.ts'
import { terminalVerbs } from './store-terminals.ts'
import { tokenVerbs } from './store-tokens.ts'

export function storeContract(title: string, openFresh: Open): void {
  const open: Open = async () => {
    const store = await openFresh()
    after(() => store.close())
    return store
  }
  describe(`store: ${title}`, () => {
    containerVerbs(open)
    reservationVerbs(open)
    endingVerbs(open)
    pruningVerbs(open)
    queueVerbs(open)
    listingVerbs(open)
    poolVerbs(open)
    onHoldVerbs(open)
    terminalVerbs(open)
    tokenVerbs(open)
    sessionVerbs(open)
    eventVerbs(open)
    usageVerb(open)
    historyVerbs(open)
    identityVerbs(open)
  })
}
