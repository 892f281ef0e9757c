/** Names of callers of the API. */

/** Name of the manager itself, as the cause of an event. */
export const MANAGER = 'berth'
/** Name of every caller with `auth: none`. */
export const ANYONE = 'anyone'

/** Returns "alice", or "alice (ada)" if the owner has another name. */
export function accountText(username: string, owner: string): string {
  return owner === username || owner === ANYONE ? username : `${username} (${owner})`
}
