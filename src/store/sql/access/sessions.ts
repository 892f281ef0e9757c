/** Sessions of browsers. Only hashes are stored, as of tokens. */
import type { SessionStore } from '../../../ports/store/sessions.ts'
import { fromSession, toSession } from '../schema/rows.ts'
import type { Transactions } from '../transactions.ts'

export function sessionVerbs({ reading, writing }: Transactions): SessionStore {
  return {
    sessions: (name) =>
      reading(async (tx) => {
        const all = tx.selectFrom('sessions').selectAll().orderBy('created_at', 'desc').orderBy('id')
        const rows = await (name === null ? all : all.where('name', '=', name)).execute()
        return rows.map(toSession)
      }),

    session: (id) =>
      reading(async (tx) => {
        const row = await tx.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
        return row ? toSession(row) : null
      }),

    addSession: (session, most) =>
      writing(async (tx) => {
        const { id, tokenId, name, issuer } = session
        if (tokenId !== null) {
          const token = await tx.selectFrom('tokens').select('id').where('id', '=', tokenId).executeTakeFirst()
          if (!token) return false
        }
        await tx.insertInto('sessions').values(fromSession(session)).execute()
        const all = tx.selectFrom('sessions').select('id').where('id', '!=', id)
        const same =
          tokenId === null
            ? all.where('token_id', 'is', null).where('issuer', '=', issuer).where('name', '=', name)
            : all.where('token_id', '=', tokenId)
        const others = await same.orderBy('last_used_at', 'desc').orderBy('created_at', 'desc').execute()
        const tooMany = others.slice(most - 1).map((row) => row.id)
        if (tooMany.length > 0) await tx.deleteFrom('sessions').where('id', 'in', tooMany).execute()
        return true
      }),

    useSession: (id, now) =>
      writing(async (tx) => {
        const uses = tx.updateTable('sessions').set({ last_used_at: now }).where('id', '=', id)
        await uses.where('last_used_at', '<', now).execute()
      }),

    removeSession: (id) =>
      writing(async (tx) => {
        const { numDeletedRows } = await tx.deleteFrom('sessions').where('id', '=', id).executeTakeFirst()
        return numDeletedRows > 0n
      }),

    pruneSessions: (now, idleSince, most) =>
      writing(async (tx) => {
        const rows = await tx
          .selectFrom('sessions')
          .select('id')
          .where((eb) => eb.or([eb('ends_at', '<', now), eb('last_used_at', '<', idleSince)]))
          .limit(most)
          .execute()
        const ids = rows.map(({ id }) => id)
        if (ids.length > 0) await tx.deleteFrom('sessions').where('id', 'in', ids).execute()
        return ids.length
      }),
  }
}
