import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Returns how many bytes programs without privileges can still write on the disk of a database. */
export async function freeSpaceOf(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(file))
  return bavail * bsize
}
