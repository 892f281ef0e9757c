/** How the API shows managers. */
import type { Static } from 'typebox'
import type { ManagerRecord } from '../../ports/store/leadership.ts'
import { time } from '../time.ts'
import type { ManagerView } from './schemas.ts'

export function viewManager(manager: ManagerRecord, now: number): Static<typeof ManagerView> {
  const { name, address, version, startedAt, seenAt, until, leads, isOwn, clockOffset } = manager
  return {
    name,
    address,
    version,
    started_at: time(startedAt),
    last_seen: time(seenAt),
    alive: now <= until,
    leader: leads,
    self: isOwn,
    clock_offset_seconds: clockOffset / 1_000,
  }
}
