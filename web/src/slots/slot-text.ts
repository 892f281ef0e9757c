/** A slot in words: for screen readers and for the detail line. */
import { clockText, durationText, type TimeWords } from '../words/time.ts'
import type { Slot } from './slots.ts'

/**
 * Returns "alpine-3, reserved, alice". Without times: a thousand tiles are named at once, and times are slow to format.
 */
export function slotLabel({ name, state, holder, isOwn, error }: Slot): string {
  return [name, stateWord(state), isOwn ? `yours (${holder})` : holder, error].filter(Boolean).join(', ')
}

/** Returns "reserved by alice, 38 min left, until 15:40", "broken for 2 min: no such image". */
export function slotDetail(slot: Slot, now: number, words: TimeWords): string {
  const { state, holder, endsAt, since, error } = slot
  if (state === 'missing') return 'no container yet'
  if (state === 'reserved') {
    if (endsAt === null) return holder === null ? 'reserved by another user' : `reserved by ${holder}`
    const end = Date.parse(endsAt)
    const left = end <= now ? 'ending' : `${durationText(end - now)} left, until ${clockText(end, now, words)}`
    return `reserved by ${holder ?? 'another user'}, ${left}`
  }
  const lasts = since === null ? '' : ` for ${durationText(now - Date.parse(since))}`
  return `${state}${lasts}${error === null ? '' : `: ${error}`}`
}

export function stateWord(state: Slot['state']): string {
  return state === 'missing' ? 'no container yet' : state
}
