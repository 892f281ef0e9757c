/** Nodes in words. */
import type { EngineNode } from '../../api/types.ts'
import { clockText, type TimeWords } from '../../words/time.ts'

const GIB = 2 ** 30

/** Returns its state for a table: "reachable", "unreachable, cordoned". */
export function stateText({ reachable, cordoned }: Pick<EngineNode, 'reachable' | 'cordoned'>): string {
  return [reachable ? 'reachable' : 'unreachable', ...(cordoned ? ['cordoned'] : [])].join(', ')
}

/** Returns whether an operator may have to act. */
export function needsAttention({ reachable, cordoned }: Pick<EngineNode, 'reachable' | 'cordoned'>): boolean {
  return !reachable || cordoned
}

/** Returns what an unreachable or cordoned node means, in sentences. */
export function situation(node: EngineNode, now: number, words: TimeWords): string {
  const { reachable, unreachable_since: since, cordoned } = node
  const time = since === null ? '' : ` since ${clockText(Date.parse(since), now, words)}`
  const unreachable = `The engine has not reached it${time}. After a minute, its containers are replaced on other nodes.`
  const cordon = 'It is cordoned: no new containers are placed on it, and those on it stay until they end.'
  return [...(reachable ? [] : [unreachable]), ...(cordoned ? [cordon] : [])].join(' ')
}

/** Returns "1 creating, 2 broken": the states that have no column of their own. */
export function otherStates({ containers }: Pick<EngineNode, 'containers'>): string {
  return Object.entries(containers)
    .filter(([state, count]) => count > 0 && state !== 'ready' && state !== 'reserved')
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

/** Returns "3.92 CPU, 15.3 GiB, 110 pods"; "" if the engine does not know. */
export function roomText({ room }: Pick<EngineNode, 'room'>): string {
  if (room === null) return ''
  return `${Number(room.cpus.toFixed(2))} CPU, ${(room.memory_bytes / GIB).toFixed(1)} GiB, ${room.containers} pods`
}

/** Returns "disktype=ssd, spot". */
export function labelsText({ labels }: Pick<EngineNode, 'labels'>): string {
  return Object.entries(labels)
    .map(([key, value]) => (value === '' ? key : `${key}=${value}`))
    .join(', ')
}
