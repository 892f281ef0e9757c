/** Erases password hashes and SSH keys of reservations that have ended: they are not needed any more. */
import type { Kysely } from 'kysely'

export async function up(
  db: Kysely<{ reservations: { state: string; password_hash: string | null; ssh_keys: string } }>,
): Promise<void> {
  await db
    .updateTable('reservations')
    .set({ password_hash: null, ssh_keys: '[]' })
    .where('state', 'in', ['ending', 'ended'])
    .execute()
}
