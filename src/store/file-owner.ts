/**
 * Whether a file of this user may hold secrets of the manager: it belongs to the manager's own user, or to root. In a
 * shared folder another user can make the file first, and remains its owner.
 */
export function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.()
}
