import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Returns how many bytes the disk of a database has left for programs without privileges. */
export async function freeSpaceOf(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(file))
  return bavail * bsize
}
