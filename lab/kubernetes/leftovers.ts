/** What a cluster leaves behind when its process was killed: control groups and a folder. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeCgroups } from './cgroups.ts'
import { linkOf } from './network.ts'

const PREFIX = 'berth-kubernetes-'
const OWNER = 'owner.json'

interface Owner {
  readonly pid: number
  /** Start of the process, because process ids are used again. */
  readonly startedAt: string
  readonly cluster: number
}

/** Notes in the folder which process the cluster belongs to. */
export function writeOwner(folder: string, cluster: number): void {
  const owner: Owner = { pid: process.pid, startedAt: startOf(process.pid) ?? '', cluster }
  writeFileSync(join(folder, OWNER), JSON.stringify(owner))
}

/** Removes what clusters of processes that have ended left behind. Their own processes have ended with them. */
export async function removeLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name)
    const owner = ownerOf(folder)
    if (owner === null || startOf(owner.pid) === owner.startedAt) continue
    // Another cluster may have the number by now.
    if (!existsSync(`/sys/class/net/${linkOf(owner.cluster)}`)) await removeCgroups(owner.cluster)
    rmSync(folder, { recursive: true, force: true })
  }
}

function ownerOf(folder: string): Owner | null {
  try {
    return JSON.parse(readFileSync(join(folder, OWNER), 'utf8')) as Owner
  } catch {
    return null
  }
}

/** Returns the start of a process in clock ticks since boot; null if there is none. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program, in parentheses, may contain spaces. The start is field 22, and the next one is field 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}
