/** Control groups (v1) of a cluster's pods. Unlike namespaces they outlive their processes. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const REMOVE_TIMEOUT_MS = 10_000
const ROOT = '/sys/fs/cgroup'

/** Makes the group of a node in each hierarchy, and returns its path below them. */
export function makeCgroup(cluster: number, node: string): string {
  if (!existsSync(join(ROOT, 'memory'))) {
    throw new Error(
      'Kubernetes 1.20 on Docker takes cgroup v1: start the kernel with systemd.unified_cgroup_hierarchy=0',
    )
  }
  const path = join('/', groupOf(cluster), node)
  for (const hierarchy of readdirSync(ROOT)) mkdirSync(join(ROOT, hierarchy, path), { recursive: true })
  // These two are empty in a new group, in which no process can run then.
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const all = readFileSync(join(ROOT, 'cpuset', file))
    for (const group of [groupOf(cluster), path]) writeFileSync(join(ROOT, 'cpuset', group, file), all)
  }
  return path
}

/** Removes all groups of a cluster whose processes have ended. */
export async function removeCgroups(cluster: number): Promise<void> {
  const deadline = performance.now() + REMOVE_TIMEOUT_MS
  for (const hierarchy of readdirSync(ROOT)) {
    const top = join(ROOT, hierarchy, groupOf(cluster))
    while (existsSync(top)) {
      try {
        removeTree(top)
      } catch (error) {
        // The kernel releases a group some time after its last process has ended.
        if (performance.now() > deadline) throw error
        await sleep(50)
      }
    }
  }
}

function removeTree(top: string): void {
  const below = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
  const paths = below.map((entry) => join(entry.parentPath, entry.name))
  // A group must be empty: the deepest ones come first.
  for (const path of [...paths.toSorted().toReversed(), top]) rmdirSync(path)
}

function groupOf(cluster: number): string {
  return `berth-kube${cluster}`
}
