/** The lock that makes the writers of one database take turns, as SQLite's write lock does. */

/**
 * Key of an advisory lock. Each writing transaction takes it before it reads, and triggers take it for statements that
 * an operator runs by hand. Numbers of events and of changes are therefore committed in order.
 */
export const WRITE_LOCK = 8_237_825_268

/** Ensures that what was answered is on the disk even when the power fails. Keeps stronger settings. */
export const SYNCHRONOUS =
  "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'"

/** Channel on which writers notify the managers of the database. */
export const CHANNEL = 'berth_changes'
