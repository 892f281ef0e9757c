/** What triggers record in the table `changes`, in every kind of database. */
type KeyOf = (row: 'old' | 'new') => string

const ofOpenReservation: KeyOf = (row) =>
  `select 'reservation', id from reservations where id = ${row}.reservation_id and state != 'ended'`

/**
 * Selects what to record of each table. A hold is recorded as its reservation. Ended reservations are not recorded,
 * because no snapshot contains them.
 */
export const RECORDED: Readonly<Record<string, KeyOf>> = {
  containers: (row) => `select 'container', ${row}.name`,
  reservations: (row) => `select 'reservation', ${row}.id where ${row}.state != 'ended'`,
  holds: ofOpenReservation,
  pool_sizes: (row) => `select 'pool_size', ${row}.pool`,
}
