/**
 * The state of a pool in one text: what is free, reserved and being recycled, how many reservations wait, and when the
 * next container is free.
 */
import type { Pool } from '../api/types.ts'
import { clockText, durationText, type TimeWords } from './time.ts'

export type PoolFacts = Pick<
  Pool,
  | 'size'
  | 'configured_size'
  | 'containers'
  | 'waiting'
  | 'waiting_since'
  | 'next_free_at'
  | 'recycling_since'
  | 'problem'
>

/** How urgent it is. `soon`: no container is free. `needs-person`: an admin must act. */
export type Tone = 'calm' | 'soon' | 'needs-person'

export interface PoolSentence {
  readonly text: string
  readonly tone: Tone
}

/**
 * Returns "0 of 20 free. 17 reserved, 3 being recycled (oldest 4 s). 5 waiting, longest 2 min. Next free 14:31 (in 4
 * min)."
 */
export function poolSentence(pool: PoolFacts, now: number, words: TimeWords): PoolSentence {
  const parts = [freePart(pool), lentPart(pool, now), queuePart(pool, now), nextPart(pool, now, words), sizePart(pool)]
  const problem = pool.problem === null ? [] : [`No container can be lent: ${ended(pool.problem)}`]
  return {
    text: [...problem, ...parts.flatMap((part) => (part === '' ? [] : [`${part}.`]))].join(' '),
    tone: toneOf(pool),
  }
}

function toneOf(pool: PoolFacts): Tone {
  if (pool.problem !== null || countOf(pool, 'broken') > 0) return 'needs-person'
  return pool.size > 0 && (countOf(pool, 'ready') === 0 || pool.waiting > 0) ? 'soon' : 'calm'
}

function freePart(pool: PoolFacts): string {
  const free = countOf(pool, 'ready')
  if (pool.size === 0) return 'The size is 0: nothing to lend'
  if (free >= pool.size && free > 1) return `All ${pool.size} are free`
  return `${free} of ${pool.size} free`
}

function lentPart(pool: PoolFacts, now: number): string {
  const recycled = countOf(pool, 'creating') + countOf(pool, 'removing')
  const oldest =
    pool.recycling_since === null ? '' : ` (oldest ${durationText(now - Date.parse(pool.recycling_since))})`
  return [
    counted(countOf(pool, 'reserved'), 'reserved'),
    recycled > 0 ? `${recycled} being recycled${oldest}` : '',
    counted(countOf(pool, 'broken'), 'broken'),
    counted(countOf(pool, 'quarantined'), 'quarantined'),
  ]
    .filter(Boolean)
    .join(', ')
}

function queuePart({ waiting, waiting_since: since }: PoolFacts, now: number): string {
  if (waiting === 0) return ''
  const longest = since === null ? '' : durationText(now - Date.parse(since))
  if (waiting === 1) return longest === '' ? '1 waiting' : `1 waiting for ${longest}`
  return longest === '' ? `${waiting} waiting` : `${waiting} waiting, longest ${longest}`
}

/** Only while none is free, or reservations wait although some are. */
function nextPart(pool: PoolFacts, now: number, words: TimeWords): string {
  const { next_free_at: next, waiting } = pool
  if (next === null || (countOf(pool, 'ready') > 0 && waiting === 0)) return ''
  const at = Date.parse(next)
  if (at <= now) return 'Next free in a moment'
  return `Next free ${clockText(at, now, words)} (in ${durationText(at - now)})`
}

function sizePart({ size, configured_size: configured }: PoolFacts): string {
  return size === configured ? '' : `Resized to ${size}, ${configured} in berth.yml`
}

function countOf({ containers }: PoolFacts, state: string): number {
  return containers[state] ?? 0
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}`
}

function ended(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
