/** API tokens. Only hashes are stored: enough to recognise a token, not enough to make one. */
import type { TokenStore } from '../../../ports/store/tokens.ts'
import { append } from '../events.ts'
import { fromToken, toToken } from '../schema/rows.ts'
import type { Transactions } from '../transactions.ts'

export function tokenVerbs({ reading, writing }: Transactions): TokenStore {
  return {
    tokens: () =>
      reading(async (tx) => {
        const rows = await tx.selectFrom('tokens').selectAll().orderBy('created_at').orderBy('id').execute()
        return rows.map(toToken)
      }),

    token: (id) =>
      reading(async (tx) => {
        const row = await tx.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
        return row ? toToken(row) : null
      }),

    addToken: (token, by, now) =>
      writing(async (tx) => {
        await tx.insertInto('tokens').values(fromToken(token)).execute()
        await append(tx, { at: now, kind: 'token.created', by, detail: describe(token) })
      }),

    useToken: (id, now) =>
      writing(async (tx) => {
        const uses = tx.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id)
        await uses.where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', now)])).execute()
      }),

    removeToken: (id, by, now) =>
      writing(async (tx) => {
        const gone = await tx.deleteFrom('tokens').where('id', '=', id).returningAll().executeTakeFirst()
        if (!gone) return false
        await append(tx, { at: now, kind: 'token.deleted', by, detail: describe(gone) })
        return true
      }),
  }
}

/** Describes a token for the audit log. */
function describe({ id, name, role }: { id: string; name: string; role: string }): string {
  return `${id}: ${name}, ${role}`
}
