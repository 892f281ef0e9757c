/** Indexes for the quota and for pruning, so that neither scans rows of others. */
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('reservations_owned')
    .on('reservations')
    .column('owner')
    .where(sql.ref('state'), '!=', sql.lit('ended'))
    .execute()
  await db.schema.createIndex('requests_reservation').on('requests').column('reservation_id').execute()
}
